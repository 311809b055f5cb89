"""What multiplies the matrices: torch, ONNX Runtime or OpenVINO, behind one call.

A runtime takes the arrays of a batch by name and gives unit vectors. Everything before it (tokens)
and after it (labels, calibration, thresholds) is the same for all.
"""

from __future__ import annotations

from emo_hub.runtimes.choosing import Backend, Choice, Precision, choose, look_at
from emo_hub.runtimes.files import ExportedFile, read_facts
from emo_hub.runtimes.opening import Runtime, open_runtime

__all__ = [
    "Backend",
    "Choice",
    "ExportedFile",
    "Precision",
    "Runtime",
    "choose",
    "look_at",
    "open_runtime",
    "read_facts",
]
