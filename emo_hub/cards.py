"""Cards from templates and measured facts; a fact that nobody measured is an error, never a gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from emo_hub.errors import CardError, CheckpointError
from emo_hub.registration import dataset_repo

KINDS = ("dataset_cards", "model_cards")
_PACKAGE = Path(__file__).parent


def template_path(kind: str, name: str) -> Path:
    """Find a card template, in a checkout or in an installed package.

    Args:
        kind: `dataset_cards` or `model_cards`.
        name: the file's name without `.md`.

    Raises:
        CardError: no such template is there.
    """
    # The checkout comes first: whoever edits a template there expects to see the change.
    places = (_PACKAGE.parent / kind, _PACKAGE / "templates" / kind)
    for place in places:
        if kind in KINDS and (path := place / f"{name}.md").is_file():
            return path
    raise CardError(
        f"There is no card template '{name}' of kind '{kind}'; kinds are: {', '.join(KINDS)}."
    )


def datasets_of_card(folder: Path) -> tuple[str, ...]:
    """Read the data sets that a model card names in its front matter; none without a card.

    Raises:
        CheckpointError: the front matter is damaged.
    """
    card = folder / "README.md"
    if not card.is_file():
        return ()
    import yaml
    from huggingface_hub import ModelCard

    try:
        found = ModelCard.load(card, ignore_metadata_errors=True).data.get("datasets")
    except (ValueError, yaml.YAMLError) as error:
        raise CheckpointError(
            f"The front matter of {card} cannot be read ({error}): repair it, or remove the file."
        ) from error
    if isinstance(found, str):
        return (found,)
    return tuple(str(name) for name in found or ())


def checkpoint_facts(
    name: str,
    training: Mapping[str, Any],
    *,
    repo_id: str | None = None,
    measured: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Gather what the card of every checkpoint states.

    Args:
        name: how the card calls it.
        training: what its run recorded.
        repo_id: the repository of the Hub that it is for; None for a card that stays here.
        measured: results, as `results.json` holds them.
    """
    return {
        "name": name,
        "repo_id": repo_id,
        "dataset_repo": dataset_repo(),
        "training": training,
        "measured": measured,
    }


def render_card(template: str | Path, facts: Mapping[str, object]) -> str:
    """Fill a template with facts.

    Args:
        template: the text of a Jinja template, or the path of one.
        facts: what was measured, by the names that the template uses.

    Returns:
        The card, ending in one line break.

    Raises:
        CardError: the template asks for a fact that is not there, or is not a template.
    """
    text = template.read_text(encoding="utf-8") if isinstance(template, Path) else template
    # Cards are Markdown, so nothing is escaped as HTML.
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    try:
        return environment.from_string(text).render(facts).rstrip("\n") + "\n"
    except jinja2.UndefinedError as error:
        raise CardError(f"The card asks for a fact nobody measured: {error.message}.") from error
    except jinja2.TemplateSyntaxError as error:
        raise CardError(
            f"The card template cannot be read, line {error.lineno}: {error}"
        ) from error
