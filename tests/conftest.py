"""What several test files need: offline mode, a tiny encoder, a small corpus and checkpoint."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

# Before any import of the Hub's libraries: no test may wait for a network.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    # Before torch, too: workers that take all cores each would wait for one another at every step.
    cores = (os.cpu_count() or 1) // int(workers)
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores)))

from tests.hub.fixtures import (  # noqa: F401
    anyone,
    client,
    command,
    hub,
    owner,
    patient,
    reader,
    stranger,
)

REPOSITORY = Path(__file__).parent.parent


def benchmark_folder() -> Path | None:
    places = [os.environ.get("EMO_HUB_BENCHMARKS"), REPOSITORY.parent / "shared" / "benchmarks"]
    return next((Path(p) for p in places if p and Path(p).is_dir()), None)


@pytest.fixture(scope="session")
def benchmarks() -> Path:
    folder = benchmark_folder()
    if folder is None:
        pytest.skip("NO BENCHMARK DATA: set EMO_HUB_BENCHMARKS to the folder that holds it")
    return folder


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """The embedded corpus, built from the recordings of the package."""
    from emo_hub.synthesis.build import build_corpus

    return build_corpus(tmp_path_factory.mktemp("corpus") / "emo-pillars").path


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory) -> Path:
    """A real BERT of two thin layers with a word-level vocabulary, as an encoder to start from."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    folder = tmp_path_factory.mktemp("tiny-base")
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,!?'-"
    words = [
        "i",
        "feel",
        "felt",
        "feeling",
        "joy",
        "anger",
        "sad",
        "happy",
        "the",
        "a",
        "of",
        "my",
        "you",
        "it",
        "was",
        "so",
        "not",
        "thank",
        "fear",
    ]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    pieces += [*letters, *(f"##{c}" for c in letters)]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=160,
    )
    BertModel(config).save_pretrained(folder)
    BertTokenizer(vocab=vocabulary).save_pretrained(folder)
    return folder


TINY = {
    "epochs": 1,
    "batch_size": 16,
    "max_rows": 64,
    "learning_rate": 5e-3,
    "adapter_rank": 4,
    "mixed_precision": "no",
    "save_every": 0,
    "extra_phrases": 4,
    "max_tokens": 48,
}


@pytest.fixture(scope="session")
def tiny_settings(tiny_base) -> dict[str, object]:
    return {**TINY, "base": str(tiny_base)}


@pytest.fixture(scope="session")
def tiny_corpus(corpus, tmp_path_factory) -> Path:
    """The same corpus with a few rows of each split, so that finishing a model takes a moment."""
    import shutil

    import pyarrow.parquet as pq

    folder = tmp_path_factory.mktemp("tiny-corpus") / "emo-pillars"
    shutil.copytree(corpus, folder)
    for file in folder.rglob("*.parquet"):
        table = pq.read_table(file)
        pq.write_table(table.slice(0, 60), file)
    # The sizes that the card states are those of the whole; without them nothing contradicts.
    card = (folder / "README.md").read_text()
    front, rest = card.split("dataset_info:", 1)
    (folder / "README.md").write_text(front + rest[rest.index("configs:") :])
    manifest = json.loads((folder / "corpus.json").read_text())
    (folder / "corpus.json").write_text(json.dumps({**manifest, "content": "tiny"}))
    return folder


@pytest.fixture(scope="session")
def tiny_checkpoint(tiny_corpus, tiny_settings, tmp_path_factory) -> Path:
    from emo_hub.training.contrastive import ContrastiveRecipe, train_contrastive

    out = tmp_path_factory.mktemp("tiny") / "model"
    recipe = ContrastiveRecipe(**{**tiny_settings, "use_comments": False})
    return train_contrastive(tiny_corpus, out, recipe).path


@pytest.fixture(scope="session")
def default_model():
    from emo_hub.modeling import EmotionModel

    return EmotionModel.load()


@pytest.fixture(scope="session")
def clf(default_model):
    from emo_hub.pipelines import pipeline

    return pipeline(model=default_model)


MEASURED = {
    "benchmark": "goemotions",
    "split": "test",
    "role": "zero-shot",
    "rows": 10,
    "available": 10,
    "headline": "macro_f1",
    "value": 0.4567,
    "low": 0.4,
    "high": 0.5,
}


def with_results(folder: Path, to: Path) -> Path:
    """Copy a checkpoint, and put beside it what a measurement leaves there."""
    import shutil

    from emo_hub.model_card import write_eval_results

    shutil.copytree(folder, to)
    (to / "results.json").write_text(json.dumps({"command": "so", "measured": [MEASURED]}))
    write_eval_results(to, [MEASURED], command="so")
    return to


def told(recipe) -> dict[str, object]:
    """What a run of training leaves in training.json."""
    import dataclasses

    return {
        "recipe": dataclasses.asdict(recipe),
        "recipe_hash": "0123456789ab",
        "corpus_version": "1.2.3",
        "corpus_content": "f" * 64,
        "rows": {"utterance": 3},
        "notes": ["3 rows of a test."],
        "command": "made by a test",
        "versions": {"emo_hub": "0.0.0", "torch": "2.0.0"},
    }


@pytest.fixture(scope="session")
def untrained(tiny_base):
    """A dual encoder that nobody trained, with all that a checkpoint has."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    from emo_hub.calibration import Calibration, NullMoments
    from emo_hub.checkpoint import Head
    from emo_hub.modeling import EmotionModel
    from emo_hub.taxonomy import GOEMOTIONS

    facts = {
        "reference_texts": 4,
        "validation_rows": {"utterance": 2},
        "thresholds_from": "utterances",
        "open_labels": 5,
    }
    head = Head(
        logit_scale=10.0,
        logit_bias=-5.0,
        templates=("{}", "feeling {}"),
        trained_labels=GOEMOTIONS.labels,
        max_tokens=48,
        thresholds={label: 0.2 + i / 100 for i, label in enumerate(GOEMOTIONS.labels)},
        default_threshold=0.3,
        calibration=Calibration(0.5, 0.5, -1.0, 1.5),
        trained_calibration=Calibration(1.0, 0.0, 0.1),
        base=str(tiny_base),
        facts=facts,
    )
    chance = torch.Generator().manual_seed(2)
    vad = (torch.randn(3, 32, generator=chance), torch.zeros(3))
    backbone = AutoModel.from_pretrained(tiny_base, dtype=torch.float32)
    model = EmotionModel(backbone, AutoTokenizer.from_pretrained(tiny_base), head, vad, None)
    texts = ["i feel so happy", "so it was not my joy", "zq9 thank you - the fear", "a"]
    model.moments = NullMoments.measure(model.encode_texts(texts), 20.0)
    return model


@pytest.fixture(scope="session")
def measured_checkpoint(untrained, tmp_path_factory) -> Path:
    """A dual encoder with the facts of its training, and a measurement beside it."""
    from emo_hub.training.contrastive import ContrastiveRecipe

    place = tmp_path_factory.mktemp("dual")
    untrained.save(place / "made")
    run = {**told(ContrastiveRecipe()), "steps": 3, "precision": "no"}
    (place / "made" / "training.json").write_text(json.dumps(run))
    return with_results(place / "made", place / "measured")


@pytest.fixture(scope="session")
def measured_table(untrained, tmp_path_factory) -> Path:
    """The same without a transformer."""
    import torch

    from emo_hub.modeling import EmotionModel
    from emo_hub.static import StaticBackbone, StaticConfig, silent_ids
    from emo_hub.training.nano import NanoRecipe

    size = untrained.tokenizer.vocab_size
    table = torch.randn(size, 32, generator=torch.Generator().manual_seed(3))
    table[silent_ids(untrained.tokenizer)] = 0
    config = StaticConfig(
        vocab_size=size,
        hidden_size=32,
        max_position_embeddings=48,
        context_weight=0.25,
        table_precision="int8",
    )
    vad = (untrained.vad_weight, untrained.vad_bias)
    backbone = StaticBackbone(table, config)
    model = EmotionModel(backbone, untrained.tokenizer, untrained.head, vad, untrained.moments)
    place = tmp_path_factory.mktemp("table")
    model.save(place / "made")
    (place / "made" / "training.json").write_text(json.dumps(told(NanoRecipe())))
    return with_results(place / "made", place / "measured")


@pytest.fixture(scope="session")
def measured_encoder(tiny_base, tmp_path_factory) -> Path:
    from emo_hub.training.encoder import train_lesson
    from tests.lessons import lesson, quick_recipe

    place = tmp_path_factory.mktemp("encoder")
    made = train_lesson(
        lesson(16, 8), place / "made", quick_recipe(tiny_base), command="made by a test"
    )
    return with_results(made.path, place / "measured")
