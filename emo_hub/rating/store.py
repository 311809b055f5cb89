"""What raters answered: JSON lines, one file per rater, every answer on disk before the next.

An answer given again stands behind the earlier one and wins. A line that was cut short by a crash
is passed over and costs no other.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from emo_hub.errors import InputError
from emo_hub.rating.sheet import NONE, Item

MAX_NAME_CHARACTERS = 60
MAX_RATERS = 200
_CONTEXT_NEEDED = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rater said of an item.

    Args:
        item: its id.
        best: the emotion that fits best, or `NONE`.
        also: others that fit.
        context_needed: "yes" or "no": whether the text needs what happened before; empty where
            nobody asked or answered.
        naturalness: how natural the text reads, 1 to 5; None where nobody asked or answered.
        at: when, in UTC.
    """

    item: str
    best: str
    also: tuple[str, ...] = ()
    context_needed: str = ""
    naturalness: int | None = None
    at: str = ""


def read_answer(
    item: Item,
    best: object,
    also: object = (),
    context_needed: object = None,
    naturalness: object = None,
) -> Answer:
    """Check what came from a page that anybody may have changed.

    Raises:
        InputError: nothing was chosen, or something that the item does not offer.
    """
    if not best:
        raise InputError("Choose the emotion that fits best, or that none of these does.")
    if best not in item.options:
        raise InputError("That emotion is not among the choices of this text.")
    chosen = also or ()
    if not isinstance(chosen, list | tuple) or any(c not in item.options for c in chosen):
        raise InputError("The further emotions are not among the choices of this text.")
    others = tuple(option for option in item.options if option in chosen and option != best)
    if NONE in (best, *others) and others:
        raise InputError("None of these and another emotion contradict each other: choose one.")
    if context_needed and context_needed not in _CONTEXT_NEEDED:
        raise InputError("Whether the context is needed is yes or no.")
    degree = naturalness if isinstance(naturalness, int) else None
    if naturalness is not None and degree not in range(1, 6):
        raise InputError("How natural the text reads is a whole number from 1 to 5.")
    return Answer(
        item=item.id,
        best=str(best),
        also=others,
        context_needed=str(context_needed or ""),
        naturalness=degree,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


class AnswerStore:
    """The answers of all raters in one folder.

    Args:
        folder: made with the first answer.
        raters: the names that may rate; empty lets anybody in.
    """

    def __init__(self, folder: Path, raters: Sequence[str] = ()) -> None:
        self.folder = folder
        self.invited = frozenset(rater_id(name) for name in raters)
        self._turn = Lock()

    def admit(self, name: object) -> str:
        """Let a rater in and give the id under which her answers are kept.

        Raises:
            InputError: the name is empty, too long, without a letter or number, or not invited; or
                there are too many raters.
        """
        rater = rater_id(name)
        if self.invited and rater not in self.invited:
            raise InputError("That name is not on the list of raters; ask who sent you here.")
        known = self.raters()
        if rater not in known and len(known) >= MAX_RATERS:
            raise InputError(f"This sheet has {MAX_RATERS} raters already, and takes no more.")
        return rater

    def raters(self) -> tuple[str, ...]:
        """List the ids of those who answered anything, in alphabetical order."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.jsonl")))

    def append(self, rater: str, answer: Answer) -> None:
        """Keep an answer; it is on disk when this returns.

        Raises:
            InputError: the rater's id was not given by `admit`.
            OSError: the disk is full or cannot be written.
        """
        if rater_id(rater) != rater:
            raise InputError("That is not the id of a rater.")
        line = json.dumps(asdict(answer), ensure_ascii=False).encode()
        with self._turn:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / f"{rater}.jsonl").open("a+b") as file:
                # What a crash or a full disk left unfinished must not swallow this line.
                if file.seek(0, os.SEEK_END):
                    file.seek(-1, os.SEEK_END)
                    line = line if file.read(1) == b"\n" else b"\n" + line
                file.write(line + b"\n")
                file.flush()
                os.fsync(file.fileno())

    def read(self, rater: str) -> Mapping[str, Answer]:
        """Give a rater's answers by item, the last one of each; nothing for an unknown rater."""
        path = self.folder / f"{rater}.jsonl"
        if rater_id(rater) != rater or not path.exists():
            return {}
        answers = {}
        for line in path.read_bytes().splitlines():
            try:
                table = json.loads(line)
                answer = Answer(**{**table, "also": tuple(table["also"])})
            except (ValueError, KeyError, TypeError):
                continue
            answers[answer.item] = answer
        return answers


def rater_id(name: object) -> str:
    """Turn a typed name into the name of a file that can be no other path.

    Names that differ only in case and spacing are one rater. A name with anything but plain letters
    and digits gets a piece of its hash, so that two names never share a file.

    Raises:
        InputError: the name is empty, too long, or has neither letter nor digit.
    """
    typed = unicodedata.normalize("NFC", name) if isinstance(name, str) else ""
    key = " ".join(typed.casefold().split())
    if not key:
        raise InputError("Give your name or initials, so that you can go on later.")
    if len(key) > MAX_NAME_CHARACTERS:
        raise InputError(f"A name may have {MAX_NAME_CHARACTERS} characters; initials will do.")
    if not any(letter.isalnum() for letter in key):
        raise InputError("A name needs at least one letter or number.")
    if re.fullmatch(r"[a-z0-9]+(-[0-9a-f]{8})?", key):
        return key
    plain = "".join(re.findall(r"[a-z0-9]+", key)) or "rater"
    return f"{plain}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
