"""Pages as one HTML file that needs nothing else: pictures inside, no script, no request."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from emo_hub.evaluation.report.blocks import Block, Document, Picture, Table, clean

_HERE = Path(__file__).parent
_PNG_SIZE = slice(16, 24)  # width and height, four bytes each, in the first chunk of the file


def render(document: Document) -> str:
    """Render a document with its pictures; every string is escaped by the template."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
    )
    numbers = {"Table": 0, "Figure": 0}

    def count(kind: str) -> int:
        numbers[kind] += 1
        return numbers[kind]

    return environment.get_template("page.html.jinja").render(
        document=document,
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        kind=_kind,
        inline=_inline,
        columns=_columns,
        count=count,
    )


def _clean(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    # Markup is text of ours, such as the style sheet.
    return clean(value) if type(value) is str else value


def _kind(block: Block) -> str:
    return type(block).__name__.lower()


def _columns(block: Table) -> list[bool]:
    """Say which columns hold numbers only."""
    return [all(row[i].is_number for row in block.rows) for i in range(len(block.header))]


def _inline(picture: Picture) -> dict[str, Any]:
    data = picture.path.read_bytes()
    size = data[_PNG_SIZE]
    return {
        "source": "data:image/png;base64," + base64.b64encode(data).decode("ascii"),
        "width": int.from_bytes(size[:4], "big"),
        "height": int.from_bytes(size[4:], "big"),
    }
