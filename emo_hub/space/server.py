"""Put the page on a port: look, limits, and nothing that leaves the machine."""

from __future__ import annotations

from importlib import resources

import gradio as gr
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MAX_BODY_BYTES = 256 * 1024
MAX_WAITING = 64
MAX_AT_ONCE = 2


class BodyLimit:
    """Refuse a request whose body is larger than any question on this page could be.

    A body without a declared length is refused as well: browsers and gradio's clients declare it.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 411 or 413 without reading its body."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            await refusal(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = dict(scope["headers"])
        if b"transfer-encoding" in headers:
            return PlainTextResponse("Say how long the body is.", status_code=411)
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self.max_bytes:
            limit = f"A request may have {self.max_bytes:,} bytes."
            return PlainTextResponse(limit, status_code=413)
        return None


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
        share=False,
        ssr_mode=False,
        run_history=False,
        max_file_size=MAX_BODY_BYTES,
        app_kwargs={"middleware": [Middleware(BodyLimit, max_bytes=MAX_BODY_BYTES)]},
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
