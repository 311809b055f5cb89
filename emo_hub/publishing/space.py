"""`emo-hub publish space`: the page becomes a Space that names its models and datasets."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from emo_hub.errors import CardError, DataError
from emo_hub.publishing.contents import check_contents, copy_published, read_front, write_front
from emo_hub.publishing.plan import Plan
from emo_hub.publishing.target import FIRST, Target, with_namespace
from emo_hub.publishing.version import How, Say, release
from emo_hub.version import __version__

if TYPE_CHECKING:
    from huggingface_hub import HfApi

REQUIREMENTS = "requirements.txt"
_PACKAGE = Path(__file__).parent.parent
_PAGE = "zero-shot-emotion"
_OURS = f"emo-hub/{_PAGE}"  # what the page's own README.md calls the Space
_FACTS = ("title", "sdk", "sdk_version", "python_version", "app_file", "license", "emoji")
# Spaces would otherwise run 3.10, on which transformers 5 cannot be installed.
_PYTHON = "3.12"
_LONGEST_DESCRIPTION = 60
# What decides scores and draws the page; gradio itself is `sdk_version`.
_PINNED = (
    "torch", "transformers", "tokenizers", "safetensors", "huggingface-hub", "numpy", "matplotlib",
)  # fmt: skip
_EXACT = re.compile(r"\d+\.\d+\.\d+")
_MODEL_LINE = re.compile(r"^MODEL(: [^=\n]+)? = None$", re.MULTILINE)
_CORPUS_LINE = re.compile(r"^CORPUS(: [^=\n]+)? = None$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a Space is made from.

    Args:
        folder: the Space; None for the page of emo_hub.
        model: the repository that it runs and names; None for the model inside the package.
        datasets: the repositories that it names; its page browses the first.

    Raises:
        InputError: a model or dataset is no repository.
    """

    folder: Path | None = None
    model: str | None = None
    datasets: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.model is not None:
            Target("model", self.model, FIRST)
        for name in self.datasets:
            Target("dataset", name, FIRST)


def publish_space(
    repo_id: str,
    page: Page,
    *,
    tag: str = FIRST,
    how: How = "publish",
    private: bool = False,
    api: HfApi | None = None,
    say: Say = lambda line: None,
) -> Plan:
    """Publish a Space as a version: all checks, then one commit and its tag, or nothing.

    Args:
        repo_id: as in `namespace/name`; made if it is not there.
        page: what is published.
        tag: of the version.
        how: see `publish_dataset`.
        private: of a repository that is made.
        api: the client; None for one with the address and the token of the environment.
        say: gets a line for each thing that happens.

    Returns:
        What was to be done.

    Raises:
        InputError: the name or the tag cannot be used.
        DataError: the folder is no whole Space, or holds a file that may not be published.
        CardError: its README.md lacks what a Space is configured by.
        PublishError: the Hub refused; the repository is as it was, or the error says how it is.
    """
    target = Target("space", repo_id, tag)
    with TemporaryDirectory() as place:
        staged = Path(place) / target.name
        stage_space(page, staged)
        _name_itself(staged / "README.md", target.repo_id)
        message = f"{target.name} {tag}"
        return release(staged, target, message=message, how=how, private=private, api=api, say=say)


def space_folder() -> Path:
    """Find the page of emo_hub, in a checkout or in an installed package."""
    places = (_PACKAGE.parent / "spaces" / _PAGE, _PACKAGE / "templates" / "spaces" / _PAGE)
    return next(place for place in places if place.is_dir())


def stage_space(page: Page, staged: Path) -> None:
    """Write what is published of a Space: its links, its model, and exact requirements.

    Raises:
        DataError: the folder is no whole Space, or holds a file that may not be published.
        CardError: its README.md lacks what a Space is configured by.
    """
    folder = space_folder() if page.folder is None else page.folder
    check_contents(folder)
    copy_published(folder, staged)
    facts = read_front(folder, _FACTS)
    _check_facts(staged, facts)
    if page.model is not None:
        model = with_namespace(page.model)
        facts.update(models=[model], preload_from_hub=[model])
        _choose_model(staged / str(facts["app_file"]), model)
    if page.datasets:
        facts["datasets"] = [with_namespace(name) for name in page.datasets]
        _choose_corpus(staged / str(facts["app_file"]), facts["datasets"][0])
    write_front(staged, facts)
    path = staged / REQUIREMENTS
    path.write_text(_pinned(path.read_text(encoding="utf-8")), encoding="utf-8")


def _name_itself(card: Path, repo_id: str) -> None:
    """Put this Space's name into the lines of its card that ask it from Python."""
    text = card.read_text(encoding="utf-8")
    card.write_text(text.replace(f'Client("{_OURS}")', f'Client("{repo_id}")'), encoding="utf-8")


def _choose_corpus(app: Path, corpus: str) -> None:
    """Have the page show a corpus, where it has a place for one."""
    text = app.read_text(encoding="utf-8")
    chosen = _CORPUS_LINE.sub(lambda found: f'CORPUS{found[1] or ""} = "{corpus}"', text, count=1)
    app.write_text(chosen, encoding="utf-8")


def _choose_model(app: Path, model: str) -> None:
    text = app.read_text(encoding="utf-8")
    chosen, count = _MODEL_LINE.subn(lambda found: f'MODEL{found[1] or ""} = "{model}"', text)
    if count != 1:
        raise DataError(
            f"{app.name} does not say which model it runs: give it one line 'MODEL = None', and "
            "run MODEL."
        )
    app.write_text(chosen, encoding="utf-8")


def _check_facts(staged: Path, facts: Mapping[str, Any]) -> None:
    wrong = []
    if facts["sdk"] != "gradio" or not _EXACT.fullmatch(str(facts["sdk_version"])):
        wrong.append("sdk: gradio, with a whole version as sdk_version")
    if str(facts["python_version"]) != _PYTHON:
        wrong.append(f'python_version: "{_PYTHON}"')
    if len(str(facts.get("short_description", ""))) > _LONGEST_DESCRIPTION:
        wrong.append(f"a short_description of at most {_LONGEST_DESCRIPTION} characters")
    if wrong:
        raise CardError(f"The README.md of a Space of ours wants {'; '.join(wrong)}.")
    app = staged / str(facts["app_file"])
    for path in (app, staged / REQUIREMENTS):
        if not path.is_file():
            raise DataError(f"The Space has no {path.name}.")
    try:
        ast.parse(app.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise DataError(f"{app.name} is no whole program: {error}") from error


def _pinned(requirements: str) -> str:
    """Write requirements as exact versions: of emo_hub, and of what it was tried with here."""
    lines = [
        re.sub(r"^(emo-hub(?:\[[\w,]+\])?)$", rf"\1=={__version__}", line.strip())
        for line in requirements.splitlines()
    ]
    named = {re.split(r"[\[=<>~! ]", line)[0] for line in lines}
    for package in _PINNED:
        try:
            found = version(package).split("+")[0]
        except PackageNotFoundError:
            continue
        if package not in named:
            lines.append(f"{package}=={found}")
    return "\n".join(line for line in lines if line) + "\n"
