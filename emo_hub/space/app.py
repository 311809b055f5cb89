"""The page: its tabs, and the endpoint that programs ask.

Gradio's telemetry is switched off for this page alone (`analytics_enabled=False`), so importing
emo_hub changes no environment and a page that somebody else builds keeps its own choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, cast

import gradio as gr
from gradio.events import api

from emo_hub.errors import EmoHubError
from emo_hub.registration import TASK, default_model_folder
from emo_hub.space.about_tab import lay_about
from emo_hub.space.batch_tab import BatchTab
from emo_hub.space.compare_tab import CompareTab
from emo_hub.space.events import READERS
from emo_hub.space.explore_tab import ExploreTab
from emo_hub.space.presets import presets_of
from emo_hub.space.read_tab import ReadTab
from emo_hub.space.reading import Classify, Reader
from emo_hub.space.scripts import INVITE
from emo_hub.space.server import serve
from emo_hub.space.shelf import Shelf, open_shelf
from emo_hub.space.texts import shown

TITLE = "Name the feelings, see which ones fit"


@dataclass(frozen=True, slots=True)
class Extras:
    """What a page may have besides its model.

    Args:
        shelf: the corpus to browse.
        rival: a second model to compare with, and its name.
        model: the folder of the model, for its card and its numbers.
        corpus: the folder of the corpus, for its card.
    """

    shelf: Shelf | None = None
    rival: tuple[str, Classify] | None = None
    model: Path | None = None
    corpus: Path | None = None


def build_app(classify: Classify, extras: Extras | None = None) -> gr.Blocks:
    """Build the page around a model.

    Args:
        classify: the pipeline `zero-shot-emotion`, or anything that answers like it.
        extras: what the page has besides; None for nothing.
    """
    more = extras or Extras()
    reader, presets = Reader(classify), presets_of(classify)
    rival = (more.rival[0], Reader(more.rival[1])) if more.rival else None
    # What was uploaded and never read is deleted as well.
    page = gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(600, 600))
    with page:
        gr.Markdown(shown("page_headline"), elem_id="headline")
        gr.Markdown(shown("page_lead"), elem_id="lead")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(shown("tab_read"), id="read"):
                read = ReadTab(reader, page, presets)
            with gr.Tab(shown("tab_batch"), id="batch"):
                BatchTab(reader, page, presets)
            with gr.Tab(shown("tab_compare"), id="compare"):
                CompareTab(reader, rival)
            with gr.Tab(shown("tab_explore"), id="explore"):
                ExploreTab(reader, more.shelf)
            with gr.Tab(shown("tab_about"), id="about"):
                lay_about(page, more.model, more.corpus)
        gr.Markdown(shown("page_foot"), elem_id="foot")
        page.load(None, js=INVITE, api_visibility="private")
        _add_endpoint(read)
    return page


def launch(
    model: str | None = None,
    port: int | None = None,
    host: str = "127.0.0.1",
    *,
    rival: str | None = None,
    corpus: str | None = None,
) -> None:
    """Open the page on a port of this machine, and stay until interrupted.

    Args:
        model: a checkpoint folder or Hub name; None takes the model that ships in the package.
        port: where to listen; None takes the first free one from 7860.
        host: the interface to listen on; a Space needs `0.0.0.0`.
        rival: a second checkpoint, for comparing two models.
        corpus: a folder that `emo-hub corpus build` wrote, or a dataset of the Hub, to browse.

    Raises:
        CheckpointError: a model does not load.
        DataError: the folder holds no corpus.
    """
    source = model or str(default_model_folder())
    extras = Extras(
        open_shelf(corpus) if corpus else None,
        (Path(rival).name, _load(rival)) if rival else None,
        _folder(source),
        _folder(corpus),
    )
    serve(build_app(_load(source), extras), host=host, port=port)


def _load(source: str) -> Classify:
    # Through transformers' registry, which `import emo_hub` filled: rooms do not import each other.
    from transformers import pipeline

    return cast(Classify, pipeline(cast(Any, TASK), model=source))


def _folder(source: str | None) -> Path | None:
    return Path(source) if source and Path(source).is_dir() else None


def _add_endpoint(read: ReadTab) -> None:
    def classify(text: str, labels: list[str], context: str = "") -> dict[str, Any]:
        """Score how well each of your own words for a feeling fits a text.

        Args:
            text: what somebody said or wrote, in English.
            labels: words or short phrases for feelings.
            context: what happened before, if anything.

        Returns:
            Labels by falling score, their scores and thresholds from 0 to 1, which of them fit,
            whether none does, and valence, arousal and dominance from 1 to 5. Under `words`, for
            the best label that fits, the words that spoke for it, with their place in the text
            (without the spaces around it) and their weight in logits. Under `without_context`,
            where there is a context, the score of each label without it.
        """
        try:
            return read.ask(text, context, labels).as_json()
        except EmoHubError as error:
            raise gr.Error(escape(str(error)), print_exception=False) from error

    api(classify, api_name="classify", **READERS)
