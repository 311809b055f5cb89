"""The tab on which many texts are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from emo_hub.errors import EmoHubError
from emo_hub.space.batch import (
    CHUNK,
    MAX_FILE_BYTES,
    MAX_LINE_CHARACTERS,
    MAX_LINES,
    Line,
    Sheet,
    choose_column,
    gather,
    read_sheet,
    write_csv,
)
from emo_hub.space.batch_picture import render_batch, render_progress
from emo_hub.space.chips import lay_chips, lay_presets, tidy
from emo_hub.space.drawing import draw
from emo_hub.space.events import APART, ASIDE, refuse
from emo_hub.space.presets import LEARNT
from emo_hub.space.read_tab import lay_drawing
from emo_hub.space.reading import Reader
from emo_hub.space.request import read_labels
from emo_hub.space.scripts import DOWNLOAD
from emo_hub.space.texts import FALLBACK, language_of, say, shown

_AT_FIRST = "customer"


class BatchTab:
    """The tab; laid in the place where it is made."""

    def __init__(
        self, reader: Reader, page: gr.Blocks, presets: Mapping[str, Sequence[str]]
    ) -> None:
        self._reader, self._presets = reader, presets
        gr.Markdown(shown("batch_lead"), elem_classes="lead")
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=5, min_width=320):
                self._lay_desk()
            with gr.Column(scale=6, min_width=320):
                self._shown = lay_drawing("", "batch")
                self._csv = gr.Textbox(visible="hidden", elem_id="batch-csv")
                self._download = gr.Button(
                    shown("batch_download"), size="sm", visible=False, elem_id="batch-download"
                )
        self._wire(page)

    def _lay_desk(self) -> None:
        self._lines = gr.Textbox(
            label=shown("batch_lines"),
            placeholder=shown("batch_lines_hint"),
            lines=7,
            max_lines=14,
            elem_id="lines",
        )
        self._file = gr.File(
            label=shown("batch_file"), file_types=[".csv"], height=120, elem_id="file"
        )
        self._column = gr.Dropdown(
            [],
            label=shown("batch_column"),
            info=shown("batch_column_info"),
            visible=False,
            elem_id="column",
        )
        self._sheet = gr.State(None, time_to_live=900)
        self._notice = lay_drawing(say_limits(FALLBACK), "batch-notice")
        first = LEARNT if LEARNT in self._presets else _AT_FIRST
        self._labels = lay_chips(
            "batch-labels", self._presets[first], title="ask_labels", info="ask_labels_info"
        )
        self._sets = lay_presets("batch-presets", self._presets, first)
        self._button = gr.Button(
            shown("batch_button"), variant="primary", size="lg", elem_id="batch-go"
        )

    def _take_file(self, path: str | None, request: gr.Request) -> tuple[Any, Any, str]:
        language = language_of(request)
        nothing = gr.Dropdown([], value=None, visible=False)
        if path is None:
            return None, nothing, say_limits(language)
        try:
            sheet = read_sheet(Path(path), Path(path).name)
        except EmoHubError as error:
            return None, nothing, refuse(error, language)
        columns = gr.Dropdown(list(sheet.columns), value=choose_column(sheet), visible=True)
        key = "batch_file_cut" if sheet.rows > MAX_LINES else "batch_file_read"
        said = say(language, key, name=sheet.name, count=sheet.rows, most=MAX_LINES)
        return sheet, columns, render_note(said, language)

    def _read(
        self,
        lines: str | None,
        sheet: Sheet | None,
        column: str | None,
        labels: object,
        request: gr.Request,
    ) -> Iterator[tuple[Any, Any, Any]]:
        language = language_of(request)
        try:
            wanted = read_labels(labels)
            batch = gather(_texts(lines, sheet, column))
            done: list[Line] = []
            for start in range(0, len(batch.texts), CHUNK):
                yield render_progress(start, len(batch.texts), language), "", gr.skip()
                texts = batch.texts[start : start + CHUNK]
                found = self._reader.score(texts, wanted)
                done += [Line(text, scores) for text, scores in zip(texts, found, strict=True)]
            drawn = render_batch(batch, done, language)
            yield drawn, write_csv(done, wanted), gr.Button(visible=True)
        except EmoHubError as error:
            yield refuse(error, language), "", gr.Button(visible=False)

    def _wire(self, page: gr.Blocks) -> None:
        page.load(_tell_limits, None, self._notice, **ASIDE)
        given = [self._lines, self._sheet, self._column, self._labels]
        self._button.click(self._read, given, [self._shown, self._csv, self._download], **APART)
        taken = [self._sheet, self._column, self._notice]
        gr.on([self._file.upload, self._file.clear], self._take_file, self._file, taken, **ASIDE)
        self._sets.input(
            lambda name: list(self._presets.get(name, ())), self._sets, self._labels, **ASIDE
        )
        self._download.click(None, self._csv, None, js=DOWNLOAD, api_visibility="private")
        tidy(self._labels, self._sets, self._presets)


def say_limits(language: str) -> str:
    """Draw what may be given."""
    said = say(
        language,
        "batch_limits",
        lines=MAX_LINES,
        letters=MAX_LINE_CHARACTERS,
        size=f"{MAX_FILE_BYTES // 1024 // 1024} MB",
    )
    return render_note(said, language)


def render_note(said: str, language: str) -> str:
    """Draw a sentence beside a field."""
    return draw("note", language, said=said)


def _tell_limits(request: gr.Request) -> str:
    return say_limits(language_of(request))


def _texts(lines: str | None, sheet: Sheet | None, column: str | None) -> Sequence[str]:
    if sheet is not None:
        return sheet.columns.get(column or "", ())
    return (lines or "").splitlines()
