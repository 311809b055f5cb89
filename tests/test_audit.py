"""Proves that the audit finds planted label errors, and that no row vouches for itself."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("cleanlab", reason="the audit needs emo-hub[quality]")

from emo_hub.dataset import parquet_name, read_corpus
from emo_hub.errors import DataError, InputError
from emo_hub.records import SPLITS
from emo_hub.synthesis.audit import AuditReport, LabelAudit, Suspect, audit
from emo_hub.synthesis.audit_pages import audit_corpus, read_texts, write_audit
from emo_hub.synthesis.audit_probe import AuditSettings, judge
from emo_hub.taxonomy import GOEMOTIONS
from tests.commands import emo_hub

ROWS = 1_200


def shorten(corpus: Path, folder: Path, config: str, rows: int) -> Path:
    """The corpus with the first rows of a config's train split, and nothing else of that config."""
    shutil.copytree(corpus, folder)
    counts = {}
    for split in SPLITS:
        file = folder / parquet_name(config, split)
        table = pq.read_table(file).slice(0, rows if split == "train" else 0)
        pq.write_table(table, file)
        counts[split] = len(table)
    manifest = json.loads((folder / "corpus.json").read_text())
    manifest["counts"][config] = counts
    (folder / "corpus.json").write_text(json.dumps(manifest))
    return folder


def plant(folder: Path, share: float, seed: int) -> set[str]:
    """Put another label in the place of the primary one on a share of the rows; give their ids."""
    file = folder / parquet_name("contextless", "train")
    table = pq.read_table(file)
    rows = table.to_pylist()
    generator = np.random.default_rng(seed)
    chosen = generator.choice(len(rows), round(share * len(rows)), replace=False)
    for i in chosen:
        labels = rows[i]["labels"]
        others = [n for n in range(len(GOEMOTIONS)) if n not in labels]
        labels[labels.index(rows[i]["primary_emotion"])] = int(generator.choice(others))
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), file)
    return {rows[i]["id"] for i in chosen}


@pytest.fixture(scope="module")
def noisy(corpus, tmp_path_factory) -> tuple[Path, set[str]]:
    folder = shorten(corpus, tmp_path_factory.mktemp("noisy") / "emo", "contextless", ROWS)
    return folder, plant(folder, 0.05, seed=3)


@pytest.fixture(scope="module")
def report(noisy) -> AuditReport:
    return audit(noisy[0], settings=AuditSettings(top=ROWS))


def auroc(scores, hits) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(hits, scores))


def test_planted_label_errors_stand_high_in_the_list(report, noisy):
    first = [suspect.id for suspect in report.suspects[:200]]
    assert sum(name in noisy[1] for name in first) >= 20  # 10 by chance


def test_planted_label_errors_are_told_from_the_rest(report, noisy):
    ranks = {suspect.id: -place for place, suspect in enumerate(report.suspects)}
    ids = [row["id"] for row in read_corpus(noisy[0]).rows("contextless", "train")]
    scores = [ranks.get(name, -ROWS) for name in ids]
    assert auroc(scores, [name in noisy[1] for name in ids]) >= 0.65  # 0.5 by chance


@pytest.mark.slow
def test_planted_label_errors_are_found_in_the_whole_corpus(corpus, tmp_path):
    folder = tmp_path / "emo"
    shutil.copytree(corpus, folder)
    planted = plant(folder, 0.05, seed=0)
    found = [suspect.id in planted for suspect in audit(folder).suspects]
    assert np.mean(found[:100]) >= 0.35
    assert sum(found) / len(planted) >= 0.25


# The judgement itself, on vectors made for it


def clusters(rows: int, groups: int, seed: int = 0):
    """Vectors around three centres, each row with its centre's label; groups cut across them."""
    generator = np.random.default_rng(seed)
    centres = np.eye(8)[:3] * 4
    labels = generator.integers(0, 3, rows)
    vectors = (centres[labels] + generator.normal(size=(rows, 8))).astype(np.float32)
    targets = np.eye(4, dtype=np.int8)[labels]
    return vectors, targets, [f"g{n % groups}" for n in range(rows)]


def test_wrong_label_is_extra_and_the_right_one_missing():
    vectors, targets, groups = clusters(300, 30)
    row = int(np.flatnonzero(targets[:, 0])[0])
    vectors[row] = np.eye(8)[0] * 5
    targets[row] = [0, 1, 0, 0]
    found = judge(vectors, targets, groups)
    assert found.quality.argmin() == row
    assert found.suspicious[row].tolist() == [True, True, False]


def test_row_is_not_judged_by_a_probe_that_saw_its_group():
    # Each group has a place of its own, and labels by lot: seen groups are known by heart, while
    # of unseen ones nothing can be known.
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 60)
    places = generator.normal(size=(60, 256)).astype(np.float32)
    rows = np.repeat(np.arange(60), 10)
    targets = np.eye(2, dtype=np.int8)[labels[rows]]
    apart = judge(places[rows], targets, [f"g{n}" for n in rows])
    mixed = judge(places[rows], targets, [f"r{n}" for n in range(600)])
    right = [
        float((found.probabilities.argmax(axis=1) == labels[rows]).mean())
        for found in (apart, mixed)
    ]
    assert right[0] < 0.7
    assert right[1] > 0.95


def test_same_seed_gives_the_same_judgement():
    vectors, targets, groups = clusters(300, 30)
    settings = AuditSettings(train_rows=100, seed=5)
    one, other = (judge(vectors, targets, groups, settings) for _ in range(2))
    assert np.array_equal(one.quality, other.quality)
    assert np.array_equal(one.suspicious, other.suspicious)
    elsewhere = judge(vectors, targets, groups, AuditSettings(train_rows=100, seed=6))
    assert not np.array_equal(one.quality, elsewhere.quality)


def test_label_on_few_rows_is_not_judged():
    vectors, targets, groups = clusters(300, 30)
    targets[:49, 3] = 1
    assert judge(vectors, targets, groups).columns.tolist() == [0, 1, 2]
    targets[49, 3] = 1
    assert judge(vectors, targets, groups).columns.tolist() == [0, 1, 2, 3]


def test_label_of_one_group_alone_is_not_judged():
    vectors, targets, groups = clusters(300, 30)
    groups = ["one" if n < 60 else group for n, group in enumerate(groups)]
    targets[:60, 3] = 1
    assert judge(vectors, targets, groups).columns.tolist() == [0, 1, 2]


def test_rows_with_unjudged_labels_alone_are_left_out():
    vectors, targets, groups = clusters(300, 30)
    targets[:7] = [0, 0, 0, 1]
    assert judge(vectors, targets, groups).rows.tolist() == list(range(7, 300))


@pytest.mark.parametrize(
    ("rows", "groups", "said"), [(300, 4, "come from 4"), (60, 30, "0 of 4 labels")]
)
def test_too_little_to_judge_is_said(rows, groups, said):
    with pytest.raises(DataError, match=said):
        judge(*clusters(rows, groups))


# Configs and files


def test_unknown_config_is_refused(corpus):
    with pytest.raises(InputError, match="contextless, contextual, descriptors; got 'narratives'"):
        audit(corpus, "narratives")


def test_stand_off_rows_need_their_texts(corpus):
    with pytest.raises(InputError, match="needs the texts"):
        audit(corpus, "descriptors")


def test_stand_off_audit_names_ids_and_writes_no_text(corpus, tiny_base, tmp_path):
    folder = shorten(corpus, tmp_path / "emo", "descriptors", 900)
    rows = read_corpus(folder).rows("descriptors", "train")
    texts = {row["source_id"]: f"xyzzy {' '.join(row['descriptors'])}" for row in rows[:700]}
    pq.write_table(
        pa.table({"id": list(texts), "text": list(texts.values())}), tmp_path / "train.parquet"
    )
    out = tmp_path / "audit"
    found = audit_corpus(folder, out, config="descriptors", model=tiny_base, texts=tmp_path)
    assert found.rows + found.left_out == 900
    assert found.left_out >= 900 - sum(row["source_id"] in texts for row in rows)
    assert {suspect.id for suspect in found.suspects} <= {row["id"] for row in rows}
    assert not any("xyzzy" in file.read_text() for file in out.iterdir())


def test_the_command_says_how_far_it_is_up_to_the_last_row(corpus, tmp_path):
    folder = shorten(corpus, tmp_path / "emo", "contextless", ROWS)
    done = emo_hub("corpus", "audit", folder, "--out", tmp_path / "a")
    assert done.returncode == 0, done.stderr
    far = [
        int(line.split()[1].replace(",", ""))
        for line in done.stdout.splitlines()
        if line.endswith(" of 1,200 rows")
    ]
    assert far == sorted(far)
    assert len(far) > 4
    assert far[-1] == ROWS


def test_contextual_rows_are_read_after_their_context(corpus, tiny_base, tmp_path):
    folder = shorten(corpus, tmp_path / "emo", "contextual", 400)
    table = pq.read_table(folder / parquet_name("contextual", "train"))
    place = table.schema.get_field_index("context")
    silent = table.set_column(place, "context", pa.array(["Then."] * len(table), pa.string()))
    settings = AuditSettings(min_rows=20)
    before = audit(folder, "contextual", tiny_base, settings=settings)
    pq.write_table(silent, folder / parquet_name("contextual", "train"))
    after = audit(folder, "contextual", tiny_base, settings=settings)
    assert before.precision != after.precision


def test_texts_of_another_layout_are_named(tmp_path):
    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "train.parquet")
    with pytest.raises(DataError, match="columns id and text"):
        read_texts(tmp_path)


def test_files_agree_and_show_text_as_text(tmp_path):
    text = "=1+1 | <b>*bold*</b> [a](b)\nnext"
    suspect = Suspect("a1", "test", text, ("joy",), (("fear", 0.9),), 0.01, ("joy",), ("fear",))
    labels = (LabelAudit("joy", 80, judged=True, extra=1), LabelAudit("grief", 3, judged=False))
    write_audit(AuditReport("contextless", "base", 80, 3, 9, 1, 0.5, (suspect,), labels), tmp_path)
    assert json.loads((tmp_path / "audit.jsonl").read_text())["text"] == text
    with (tmp_path / "audit.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["text"] == f"'{text}"
    page = (tmp_path / "audit.md").read_text()
    assert "| grief | 3 | not judged | not judged |" in page
    row = next(line for line in page.splitlines() if line.startswith("| 1 |"))
    assert row.endswith(r"=1+1 \| &lt;b&gt;\*bold\*&lt;/b&gt; \[a\](b) next |")


def test_importing_the_audit_loads_neither_torch_nor_cleanlab():
    code = (
        "import sys, emo_hub.synthesis.audit_pages; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'cleanlab', 'sklearn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
