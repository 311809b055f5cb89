"""A Hugging Face Hub on loopback: what the real client needs, in memory and one folder.

`LoopbackHub` is the server; `fixtures.py` gives it to tests as `hub`. Nothing here is product code
and nothing in the package imports it.
"""

from tests.hub.server import LoopbackHub

__all__ = ["LoopbackHub"]
