"""The page on which somebody types a text and her own words for feelings, and looks at the answer.

`request` says what may be asked, `reading` asks the model, `answer` draws what came back as inert
HTML, `presets` holds label sets and examples, `app` is the page and `server` puts it on a port.
"""

from emo_hub.errors import require

require("gradio", "space", "The Space")

from emo_hub.space.app import build_app, launch  # noqa: E402  after the check, for its sentence
from emo_hub.space.reading import Classify  # noqa: E402
from emo_hub.space.server import serve  # noqa: E402

__all__ = ["Classify", "build_app", "launch", "serve"]
