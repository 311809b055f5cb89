"""Put the page on a port: look, limits, and nothing that leaves the machine."""

from __future__ import annotations

from importlib import resources
from importlib.util import find_spec

import gradio as gr
from starlette.middleware import Middleware

from emo_hub.space.events import MAX_AT_ONCE
from emo_hub.space.limits import MAX_BODY_BYTES, MAX_PER_MINUTE, BodyLimit, RateLimit
from emo_hub.space.texts import translations

MAX_WAITING = 64


def serve(
    app: gr.Blocks,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    block: bool = True,
    quiet: bool = False,
) -> str:
    """Serve a page and give its address.

    Args:
        app: what `build_app` made.
        host: the interface to listen on.
        port: where to listen; None takes the first free one from 7860.
        block: whether to stay until the process is interrupted; otherwise `app.close()` ends it.
        quiet: whether to leave the address unprinted.
    """
    app.queue(default_concurrency_limit=MAX_AT_ONCE, max_size=MAX_WAITING)
    _, address, _ = app.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=not block,
        quiet=quiet,
        i18n=translations(),
        share=False,
        ssr_mode=False,
        run_history=False,
        max_file_size=MAX_BODY_BYTES,
        mcp_server=find_spec("mcp") is not None,
        app_kwargs={
            "middleware": [
                Middleware(RateLimit, per_minute=MAX_PER_MINUTE),
                Middleware(BodyLimit, max_bytes=MAX_BODY_BYTES),
            ]
        },
        footer_links=["api"],
        theme=_theme(),
        css=resources.files("emo_hub.space").joinpath("style.css").read_text(encoding="utf-8"),
    )
    return str(address)


def _theme() -> gr.themes.Base:
    # Fonts of the system: nothing to fetch, and the page looks at home on any machine.
    return gr.themes.Base(
        primary_hue=gr.themes.colors.rose,
        secondary_hue=gr.themes.colors.amber,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_lg,
        font=("ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif"),
        font_mono=("ui-monospace", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace"),
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_text_color="white",
        button_large_radius="*radius_lg",
    )
