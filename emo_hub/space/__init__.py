"""The page on which somebody types a text and her own words for feelings, and looks at the answer.

`request` says what may be asked, `reading` asks the model, `app` is the page, `server` serves it.
Each tab is a module (`read_tab`, `batch_tab`, `compare_tab`, `explore_tab`, `about_tab`);
what they draw are `templates`, in which everything is escaped, and what they say stands in `texts`,
one file a language.
"""

from emo_hub.errors import require

require("gradio", "space", "The Space")

from emo_hub.space.app import Extras, build_app, launch  # noqa: E402  after the check, for its sentence
from emo_hub.space.reading import Classify  # noqa: E402
from emo_hub.space.server import serve  # noqa: E402

__all__ = ["Classify", "Extras", "build_app", "launch", "serve"]
