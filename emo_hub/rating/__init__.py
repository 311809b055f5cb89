"""A sheet on which people say what they feel in rows of a corpus, and how far they agree.

The protocol is that of Emo Pillars (arXiv 2504.16856, human evaluation). `sheet` draws the rows and
the choices, `store` keeps the answers, `app` is the page, `report` counts the agreement. gradio is
met only in `app`, scikit-learn only in `report`; both are imported by name.
"""

from emo_hub.rating.sheet import NONE, Item, Sheet, SheetSettings, draw_sheet, open_sheet
from emo_hub.rating.store import Answer, AnswerStore

__all__ = [
    "NONE",
    "Answer",
    "AnswerStore",
    "Item",
    "Sheet",
    "SheetSettings",
    "draw_sheet",
    "open_sheet",
]
