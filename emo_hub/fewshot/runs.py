"""What each training of a learning curve scored, kept so that a stopped curve goes on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from emo_hub.durable import make_folder, write_whole
from emo_hub.errors import DataError
from emo_hub.fewshot.encoder import Encoder
from emo_hub.fewshot.examples import Examples
from emo_hub.fewshot.recipe import FewshotRecipe
from emo_hub.version import __version__

# Changed code learns otherwise.
_CODE = ("by_setfit.py", "head.py", "pairs.py", "refining.py", "train.py", "tuning.py")


@dataclass(frozen=True, slots=True)
class Run:
    """One model, learnt from one sample, and how it scored on the test rows.

    Args:
        examples: how many it learnt from.
        macro_f1: 0..1.
    """

    examples: int
    macro_f1: float


@dataclass(slots=True)
class KeptRuns:
    """Runs by a digest of all that they came from, in a file.

    Args:
        path: the file; None keeps nothing.

    Raises:
        DataError: the file is none of ours.
    """

    path: Path | None = None
    _runs: dict[str, Run] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.path is None or not self.path.exists():
            return
        try:
            table = json.loads(self.path.read_text(encoding="utf-8"))
            self._runs = {key: Run(**run) for key, run in table.items()}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise DataError(
                f"{self.path} is no record of trainings ({error}); remove it to train anew."
            ) from error

    def __len__(self) -> int:
        return len(self._runs)

    def get(self, key: str) -> Run | None:
        """Give a run, or None where it has not been done."""
        return self._runs.get(key)

    def keep(self, key: str, run: Run) -> None:
        """Add a run, durably.

        Raises:
            DataError: the disk is full, or the folder cannot be written.
        """
        self._runs[key] = run
        if self.path is None:
            return
        table = {name: dataclasses.asdict(one) for name, one in self._runs.items()}
        make_folder(self.path.parent)
        write_whole(self.path, (json.dumps(table, indent=1) + "\n").encode())


def key_of(
    way: str, encoder: Encoder, sample: Examples, judged: Examples, recipe: FewshotRecipe
) -> str:
    """Digest how it was learnt, the start, the sample, the test rows and the recipe of a run."""
    digest = hashlib.sha256()
    for module in _CODE:
        digest.update(resources.files("emo_hub.fewshot").joinpath(module).read_bytes())
    for part in (__version__, way, encoder.digest, json.dumps(dataclasses.asdict(recipe))):
        digest.update(part.encode())
    for rows in (sample, judged):
        digest.update(json.dumps([rows.texts, rows.labels, rows.multi_label]).encode())
        digest.update(rows.targets.tobytes())
    return digest.hexdigest()
