"""What the maker of a corpus says of it: title, licence, description; for its card."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from emo_hub.config import fill
from emo_hub.errors import InputError
from emo_hub.synthesis.about import About


@dataclass(frozen=True)
class Words:
    """The words of a corpus card that nobody can measure, as a TOML file gives them.

    Args:
        name: as in `load_dataset(name)`.
        title: for people.
        version: as its git tag will have it, without the v.
        licence: whose the input is, and what may be done with the corpus.
        licence_id: the Hub's name of the licence, such as `cc-by-4.0`.
        how: paragraphs on how it was made, beside what the run itself tells.
        known_weaknesses: one sentence each.
    """

    name: str = "emo-corpus"
    title: str = "An emotion corpus"
    version: str = "0.1.0"
    licence: str = (
        "Not stated yet. The rows are a language model's words about the input, so its terms and "
        "the input's licence both apply: state them in the file that is given by --about."
    )
    licence_id: str = "unknown"
    how: list[str] = field(default_factory=list)
    known_weaknesses: list[str] = field(
        default_factory=lambda: [
            "No person has rated these rows yet; `emo-hub corpus rate` serves a sheet for it."
        ]
    )

    def about(self, fingerprint: str, told: tuple[str, ...]) -> About:
        """Put the words of the maker and those of the run together."""
        return About(
            name=self.name,
            title=self.title,
            version=self.version,
            fingerprint=fingerprint,
            how=(*told, *self.how),
            licence=self.licence,
            licence_id=self.licence_id,
            known_weaknesses=tuple(self.known_weaknesses),
            changes=((self.version, "First version."),),
        )


def read_words(path: Path | None) -> Words:
    """Read what the maker says from a TOML file, or take what can be said of any corpus.

    Raises:
        InputError: the file cannot be read or is no TOML.
        SettingsError: it has an unknown key or a value of the wrong type.
    """
    if path is None:
        return Words()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML: {error}.") from error
    return fill(Words, table, where=str(path))
