"""What the page says, from one file of sentences for each language.

Labels of gradio's components are translated in the browser, by gradio itself; answers are drawn on
the server, in the language that the browser asks for.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import cast

import gradio as gr

FALLBACK = "en"


@cache
def languages() -> Mapping[str, Mapping[str, str]]:
    """Give the sentences of each language by key, such as `ask_button`; all keys in each."""
    found = {}
    for path in resources.files("emo_hub.space").joinpath("texts").iterdir():
        if path.name.endswith(".toml"):
            places = tomllib.loads(path.read_text(encoding="utf-8"))
            found[path.name.removesuffix(".toml")] = {
                f"{place}_{name}": sentence
                for place, sentences in places.items()
                for name, sentence in sentences.items()
            }
    return {language: {**found[FALLBACK], **says} for language, says in found.items()}


@cache
def translations() -> gr.I18n:
    """Give all sentences in the form that gradio sends to the browser."""
    return gr.I18n(**{language: dict(says) for language, says in languages().items()})


def shown(key: str) -> str:
    """Give a sentence for a component, to be said in the language of whoever looks at it."""
    return cast(str, translations()(key))  # components put it where a string goes


def say(language: str, key: str, **facts: object) -> str:
    """Say a sentence in a language that `language_of` found."""
    return languages()[language][key].format(**facts)


def language_of(request: gr.Request | None) -> str:
    """Choose the language that the visitor's browser asks for first among those that are there."""
    wanted = request.headers.get("accept-language", "") if request else ""
    for tag in re.findall(r"(?:^|,)\s*([a-zA-Z]{2,3})", wanted):
        if tag.lower() in languages():
            return str(tag.lower())
    return FALLBACK
