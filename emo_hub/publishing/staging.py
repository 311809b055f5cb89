"""What a corpus gets for its place on the Hub, beside the files that were built.

These depend on the repository and the tag, so they are made for it, and the folder stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from emo_hub.dataset import StoredCorpus
from emo_hub.publishing.contents import CARD, published_files
from emo_hub.publishing.croissant import FILE as CROISSANT
from emo_hub.publishing.croissant import croissant
from emo_hub.publishing.target import Target

EVALUATION = "eval.yaml"
# Where the template of the card leaves room for what only holds on the Hub.
PLACE = "<!-- on the Hub -->"
# As the models' results name it, in their `.eval_results`.
TASK = "emo-pillars_macro_f1"


@contextmanager
def staged(
    corpus: StoredCorpus, target: Target, endpoint: str, facts: Mapping[str, Any]
) -> Iterator[Path]:
    """Put a corpus and what belongs to its place on the Hub into one folder, for a while.

    Args:
        corpus: the version.
        target: where it goes, and under which tag.
        endpoint: the address of the Hub.
        facts: the metadata of its card.
    """
    card = (corpus.path / CARD).read_text(encoding="utf-8")
    made = {
        CARD: card.replace(PLACE, _on_the_hub(target, endpoint)),
        CROISSANT: croissant(corpus, target, endpoint, card, facts),
    }
    # Whoever put one there knows better which task it is.
    if not (corpus.path / EVALUATION).exists():
        made[EVALUATION] = _evaluation(corpus, facts)
    with TemporaryDirectory(prefix="emo-hub-") as name:
        folder = Path(name)
        for place, path in published_files(corpus.path):
            if place not in made:
                (folder / place).parent.mkdir(parents=True, exist_ok=True)
                (folder / place).symlink_to(path.resolve())
        for file, text in made.items():
            (folder / file).write_text(text, encoding="utf-8")
        yield folder


def _evaluation(corpus: StoredCorpus, facts: Mapping[str, Any]) -> str:
    # No `evaluation_framework`: the Hub refuses those that it does not know.
    declared = {
        "name": facts.get("pretty_name", corpus.manifest["name"]),
        "description": "Which of 28 emotions a line expresses, alone or in its context: macro-F1 "
        "over the 28 labels on the test rows of contextless and contextual, with the teacher's "
        "labels. Measured by `emo-hub evaluate MODEL --data CORPUS`.",
        "tasks": [{"id": TASK, "config": "contextless", "split": "test"}],
    }
    return yaml.safe_dump(declared, sort_keys=False, width=100)


def _on_the_hub(target: Target, endpoint: str) -> str:
    repo, tag = target.repo_id, target.tag
    return f"""This version on the Hub:

```python
load_dataset("{repo}", revision="{tag}")
load_dataset("{repo}", "contextual", split="train", revision="{tag}", streaming=True)
```

[Models trained on it]({endpoint}/models?dataset=dataset:{repo}) and
[Spaces that use it]({endpoint}/spaces?datasets={repo}). [`{CROISSANT}`]({CROISSANT}) describes its
files and columns for machines; `emo-hub corpus diff {repo}@OLD {repo}@{tag}` says what changed."""
