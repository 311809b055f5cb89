"""The page on which a rater reads one text after another and says what is felt in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from emo_hub.errors import require

require("gradio", "space", "The rating sheet")

import gradio as gr  # noqa: E402  after the check, for its sentence

from emo_hub.dataset import read_corpus  # noqa: E402
from emo_hub.rating.desk import Desk  # noqa: E402
from emo_hub.rating.page import KEYS, TITLE, TO_TOP, lay_page  # noqa: E402
from emo_hub.rating.sheet import Sheet, SheetSettings, open_sheet  # noqa: E402
from emo_hub.rating.store import AnswerStore  # noqa: E402

_QUIETLY: Mapping[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def build_app(sheet: Sheet, store: AnswerStore) -> gr.Blocks:
    """Build the page of a sheet."""
    desk = Desk(sheet, store)
    app = gr.Blocks(title=TITLE, analytics_enabled=False)
    with app:
        page, name, buttons = lay_page(sheet)
        start, save, back, again, leave = buttons
        gr.on([start.click, name.submit], desk.enter, name, page.outputs, **_QUIETLY)
        shown = save.click(desk.save, page.answers, page.outputs, **_QUIETLY)
        shown.then(None, js=TO_TOP, api_visibility="private")
        gr.on(
            [back.click, again.click], desk.back, [page.rater, page.place], page.outputs, **_QUIETLY
        )
        leave.click(desk.leave, None, page.outputs, **_QUIETLY)
        app.load(desk.resume, page.rater, page.outputs, **_QUIETLY)
        app.load(None, js=KEYS, api_visibility="private")
    return app


def launch_rating(
    corpus: Path,
    out: Path,
    *,
    settings: SheetSettings | None = None,
    raters: Sequence[str] = (),
    host: str = "127.0.0.1",
    port: int | None = None,
    say: Callable[[str], None] | None = None,
) -> None:
    """Open the rating sheet on a port of this machine, and stay until interrupted.

    Args:
        corpus: the corpus folder.
        out: where the sheet and the answers are kept; an earlier sheet goes on.
        settings: what is put before the raters.
        raters: the names that may rate; empty lets anybody in.
        host: the interface to listen on.
        port: where to listen; None takes the first free one from 7860.
        say: told how many rows there are, and where answers go.

    Raises:
        InputError: the folder holds ratings of another sheet.
        DataError: the corpus or the sheet cannot be read.
    """
    sheet = open_sheet(out, read_corpus(corpus), settings or SheetSettings())
    store = AnswerStore(out, raters)
    if say is not None:
        say(f"{len(sheet.items)} rows to rate; answers go to {out}, one file per rater.")
    serve(build_app(sheet, store), host=host, port=port)


def serve(
    app: gr.Blocks, *, host: str = "127.0.0.1", port: int | None = None, block: bool = True
) -> str:
    """Serve the page and give its address; `app.close()` ends it where it does not block."""
    css = resources.files("emo_hub.rating").joinpath("style.css").read_text(encoding="utf-8")
    _, address, _ = app.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=not block,
        quiet=not block,
        share=False,
        ssr_mode=False,
        run_history=False,
        max_file_size=1,  # nothing is uploaded here
        footer_links=[],
        theme=gr.themes.Base(
            primary_hue=gr.themes.colors.rose,
            neutral_hue=gr.themes.colors.stone,
            radius_size=gr.themes.sizes.radius_lg,
            # Fonts of the system: nothing to fetch.
            font=("ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif"),
        ).set(
            body_background_fill="*neutral_50",
            body_background_fill_dark="*neutral_950",
            block_background_fill="white",
            block_background_fill_dark="*neutral_900",
            button_primary_background_fill="*primary_600",
            button_primary_background_fill_hover="*primary_700",
            button_primary_text_color="white",
        ),
        css=css,
    )
    return str(address)
