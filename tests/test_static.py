"""A table of token vectors stands where a transformer did, and everything around it stays true."""

from __future__ import annotations

import dataclasses
import json
import random

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer
from typer.testing import CliRunner

from emo_hub.calibration import Calibration, NullMoments
from emo_hub.checkpoint import Head
from emo_hub.cli import app
from emo_hub.config import read_recipe, recipe_hash
from emo_hub.errors import CheckpointError, InputError, SettingsError
from emo_hub.modeling import EmotionModel
from emo_hub.static import StaticBackbone, StaticConfig, silent_ids
from emo_hub.taxonomy import GOEMOTIONS
from emo_hub.training.nano import NanoRecipe, distil, train_nano
from emo_hub.training.rows import TrainingRow
from emo_hub.training.table import Table, contest_divergence, start_table

TEXTS = ["I feel so happy!", "so it was not my joy", "zq9 thank you - the fear", "a"]
LONG = "the fear was so sad, " * 60


def table_of(count, dimension, tokenizer):
    table = torch.randn(count, dimension, generator=torch.Generator().manual_seed(3))
    table[silent_ids(tokenizer)] = 0
    return table


def static_like(model, precision="float32", context_weight=0.25):
    """A model with the head of another, and a random table as its encoder."""
    size = model.tokenizer.vocab_size
    config = StaticConfig(
        vocab_size=size,
        hidden_size=int(model.config.hidden_size),
        max_position_embeddings=model.head.max_tokens,
        context_weight=context_weight,
        table_precision=precision,
    )
    backbone = StaticBackbone(table_of(size, config.hidden_size, model.tokenizer), config)
    vad = (model.vad_weight, model.vad_bias) if model.has_vad else None
    return EmotionModel(backbone, model.tokenizer, model.head, vad, model.moments)


@pytest.fixture(scope="module")
def teacher(tiny_base):
    """A transformer that nobody trained, with all that a checkpoint has."""
    head = Head(
        logit_scale=10.0,
        logit_bias=-5.0,
        templates=("{}", "feeling {}"),
        trained_labels=GOEMOTIONS.labels,
        max_tokens=48,
        thresholds={"joy": 0.4},
        default_threshold=0.5,
        calibration=Calibration(0.5, 0.5, -1.0),
        trained_calibration=Calibration(1.0, 0.0, 0.0),
        base=str(tiny_base),
    )
    chance = torch.Generator().manual_seed(2)
    vad = (torch.randn(3, 32, generator=chance), torch.zeros(3))
    backbone = AutoModel.from_pretrained(tiny_base, dtype=torch.float32)
    model = EmotionModel(backbone, AutoTokenizer.from_pretrained(tiny_base), head, vad, None)
    model.moments = NullMoments.measure(model.encode_texts(TEXTS))
    return model


@pytest.fixture(scope="module")
def checkpoint(teacher, tmp_path_factory):
    place = tmp_path_factory.mktemp("teacher") / "model"
    teacher.save(place)
    return place


@pytest.fixture(scope="module")
def static(teacher):
    return static_like(teacher)


@pytest.fixture(scope="module")
def folder(static, tmp_path_factory):
    place = tmp_path_factory.mktemp("static") / "model"
    static.save(place)
    return place


def padded_vectors(model, texts, contexts):
    """The way of every other model: token ids padded to one batch, looked up, averaged."""
    tokens = [model.tokenize(t, c) for t, c in zip(texts, contexts, strict=True)]
    batch = model.tokenizer.pad(tokens, return_tensors="pt")
    with torch.inference_mode():
        return model(**batch).numpy()


def test_fast_path_equals_the_padded_one(static):
    texts = [*TEXTS, LONG]
    slow = padded_vectors(static, texts, [None] * len(texts))
    assert np.allclose(static.encode_texts(texts), slow, atol=1e-6)


@pytest.mark.parametrize(
    "context", ["my joy", LONG, "qqqqqqqqqqqqqqqq" * 20, "   ", "", None, "fear " * 45]
)
def test_fast_path_equals_the_padded_one_after_a_context(static, context):
    texts = [*TEXTS, LONG]
    contexts = [context, None, context, "I was sad", context]
    slow = padded_vectors(static, texts, contexts)
    assert np.allclose(static.encode_texts(texts, contexts), slow, atol=1e-6)


def test_tokens_of_the_context_count_by_their_weight(static):
    joy, fear = static.encode_texts(["joy", "fear"])
    ids = static.tokenizer.convert_tokens_to_ids(["joy", "fear"])
    lengths = static.backbone.embedding.weight[ids].norm(dim=1).tolist()
    mixed = lengths[0] * joy + 0.25 * lengths[1] * fear
    found = static.encode_texts(["joy"], ["fear"])[0]
    assert np.allclose(found, mixed / np.linalg.norm(mixed), atol=1e-5)


def test_order_of_words_does_not_matter_and_words_do(static):
    one, other, third = static.encode_texts(["not my joy", "my joy not", "so my joy"])
    assert np.allclose(one, other, atol=1e-6)
    assert not np.allclose(one, third, atol=1e-2)


def test_vectors_do_not_depend_on_the_batch(static):
    many = static.encode_texts([*TEXTS * 3, LONG])
    alone = np.concatenate([static.encode_texts([text]) for text in [*TEXTS * 3, LONG]])
    assert np.allclose(many, alone, atol=1e-6)


def test_a_text_of_no_known_piece_gives_finite_scores(static):
    scores = static.score(["\ue000\ue001", "\u4e00"], ["joy", "fear"])
    assert np.isfinite(scores).all()


def test_no_texts_give_no_vectors(static):
    assert static.encode_texts([]).shape == (0, 32)


@pytest.mark.parametrize("text", ["", "  ", None, 3])
def test_what_is_no_text_is_refused(static, text):
    with pytest.raises(InputError):
        static.encode_texts(["joy", text])


def test_saved_and_loaded_it_scores_alike(static, folder):
    again = EmotionModel.load(folder)
    assert isinstance(again.backbone, StaticBackbone)
    labels, contexts = ["joy", "anger", "zorp"], ["my fear", None, None, "so"]
    before, after = (m.score(TEXTS, labels, contexts) for m in (static, again))
    assert np.allclose(before, after, atol=1e-6)
    assert np.allclose(static.dimensions(TEXTS), again.dimensions(TEXTS), atol=1e-6)


def test_sentence_transformers_gives_the_same_vectors(folder):
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(folder), device="cpu").encode([*TEXTS, LONG])
    assert np.allclose(theirs, EmotionModel.load(folder).encode_texts([*TEXTS, LONG]), atol=1e-5)


def test_transformers_pipeline_takes_its_folder(folder):
    from transformers import pipeline

    import emo_hub  # noqa: F401

    clf = pipeline("zero-shot-emotion", model=str(folder))
    answer = clf("so happy", candidate_labels=["joy", "fear"], context="my fear", vad=True)
    model = EmotionModel.load(folder)
    scores = model.score(["so happy"], ["joy", "fear"], ["my fear"])[0]
    assert sorted(answer["scores"]) == pytest.approx(sorted(scores), abs=1e-5)
    assert 1 <= answer["valence"] <= 5


def test_no_file_is_a_pickle(folder):
    files = [f.name for f in folder.rglob("*") if f.is_file()]
    assert not [f for f in files if f.endswith((".bin", ".pt", ".pkl", ".pickle", ".ckpt"))]


@pytest.mark.parametrize(("precision", "bytes_a_number"), [("float16", 2), ("int8", 1)])
def test_smaller_table_gives_nearly_the_same_vectors(static, tmp_path, precision, bytes_a_number):
    from sentence_transformers import SentenceTransformer

    static_like(static, precision).save(tmp_path)
    table = static.backbone.embedding.weight
    size = (tmp_path / "model.safetensors").stat().st_size
    assert size < bytes_a_number * table.numel() + 4 * len(table) + 500
    model = EmotionModel.load(tmp_path)
    cosines = (model.encode_texts(TEXTS) * static.encode_texts(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.9999
    theirs = SentenceTransformer(str(tmp_path), device="cpu").encode(TEXTS)
    assert np.allclose(theirs, model.encode_texts(TEXTS), atol=2e-3)


def test_a_checkpoint_of_a_transformer_is_not_taken_for_a_static_one(checkpoint):
    assert not isinstance(EmotionModel.load(checkpoint).backbone, StaticBackbone)


def test_table_of_another_size_than_the_config_says_is_refused(static, tmp_path):
    static.save(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    save_file(
        {"embedding.weight": tensors["embedding.weight"][:-1]}, tmp_path / "model.safetensors"
    )
    with pytest.raises(CheckpointError, match="of two models"):
        EmotionModel.load(tmp_path)


def test_tensors_of_other_names_are_refused(static, tmp_path):
    static.save(tmp_path)
    save_file({"other": torch.zeros(2, 2)}, tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"wanted embedding\.weight"):
        EmotionModel.load(tmp_path)


def test_truncated_weights_are_a_clear_error(static, tmp_path):
    static.save(tmp_path)
    data = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        EmotionModel.load(tmp_path)


class TestDistilling:
    """A tiny teacher, and a table that learns to say what it says."""

    @pytest.fixture(scope="class")
    @staticmethod
    def rows():
        chance = random.Random(5)
        words = [
            "joy",
            "anger",
            "sad",
            "happy",
            "fear",
            "my",
            "you",
            "it",
            "was",
            "so",
            "not",
            "the",
        ]
        texts = [" ".join(chance.choices(words, k=chance.randint(1, 6))) for _ in range(240)]
        return [
            TrainingRow(str(i), "utterance", text, "so sad" if i % 4 == 0 else None, {}, ("calm",))
            for i, text in enumerate(texts)
        ]

    @pytest.fixture(scope="class")
    @staticmethod
    def recipe():
        return NanoRecipe(
            epochs=6, batch_size=32, contest_phrases=16, learning_rate=0.02, mixed_precision="no"
        )

    @pytest.fixture(scope="class")
    @staticmethod
    def student(teacher, rows, recipe):
        return distil(teacher, rows, recipe)

    def test_it_comes_nearer_to_its_teacher_than_it_began(self, teacher, rows, recipe, student):
        texts, contexts = [r.text for r in rows], [r.context for r in rows]
        began = distil(teacher, rows, dataclasses.replace(recipe, learning_rate=1e-9))
        wanted = teacher.encode_texts(texts, contexts)
        far, near = (
            1 - (m.encode_texts(texts, contexts) * wanted).sum(axis=1).mean()
            for m in (began, student)
        )
        assert near < 0.6 * far

    def test_it_learns_label_phrases_too(self, teacher, student):
        labels = ["calm", "joy", "guilt"]
        cosines = (teacher.encode_labels(labels) * student.encode_labels(labels)).sum(axis=1)
        assert cosines.min() > 0.8

    def test_it_takes_the_teachers_head_and_no_calibration_of_it(self, teacher, student):
        assert student.head.logit_scale == teacher.head.logit_scale
        assert torch.equal(student.vad_weight, teacher.vad_weight)
        assert student.head.calibration is None
        assert not student.head.thresholds

    def test_special_tokens_stay_silent(self, student):
        table = student.backbone.embedding.weight
        assert not table[silent_ids(student.tokenizer)].any()

    def test_the_same_seed_gives_the_same_table(self, teacher, rows, recipe, student):
        again = distil(teacher, rows, recipe)
        assert torch.equal(again.backbone.embedding.weight, student.backbone.embedding.weight)

    def test_no_label_is_read(self, teacher, rows, recipe, student):
        told = [dataclasses.replace(row, labels={"joy": 1.0}, vad=(5.0, 5.0, 5.0)) for row in rows]
        again = distil(teacher, told, recipe)
        assert torch.equal(again.backbone.embedding.weight, student.backbone.embedding.weight)

    def test_stray_contexts_teach_it_what_its_teacher_passes_over(
        self, teacher, rows, recipe, monkeypatch
    ):
        alone = [dataclasses.replace(row, context=None) for row in rows]
        read = teacher.encode_texts
        monkeypatch.setattr(teacher, "encode_texts", lambda texts, _, **how: read(texts, **how))
        strayed = dataclasses.replace(recipe, stray_contexts=0.5)
        assert distil(teacher, alone, recipe).config.context_weight == recipe.context_weight
        assert distil(teacher, alone, strayed).config.context_weight < 0.9 * recipe.context_weight

    def test_a_static_teacher_is_refused(self, rows, recipe, student):
        with pytest.raises(InputError, match="static"):
            distil(student, rows, recipe)

    def test_equal_vectors_diverge_by_nothing_and_others_by_more(self):
        chance = torch.Generator().manual_seed(1)
        vectors = torch.nn.functional.normalize(torch.randn(40, 8, generator=chance), dim=1)
        moments = NullMoments.measure(vectors.numpy())
        ours, labels = vectors[:10], vectors[10:]
        assert contest_divergence(ours, ours, labels, moments) == pytest.approx(0, abs=1e-5)
        assert contest_divergence(ours, ours.flip(0), labels, moments) > 0.05

    def test_frequent_tokens_start_with_less_weight(self):
        counts = torch.tensor([0, 1000, 10, 0])
        table = start_table(torch.eye(4), counts, 1e-3, [3])
        lengths = table.norm(dim=1)
        assert lengths[1] < lengths[2] < lengths[0]
        assert lengths[3] == 0

    def test_command_writes_a_calibrated_checkpoint(self, tiny_corpus, checkpoint, tmp_path):
        out = tmp_path / "nano"
        recipe = NanoRecipe(
            teacher=str(checkpoint), epochs=1, max_rows=40, contest_phrases=16, batch_size=32
        )
        train_nano(tiny_corpus, out, recipe)
        model = EmotionModel.load(out)
        assert isinstance(model.backbone, StaticBackbone)
        assert model.head.calibration is not None
        assert set(model.head.thresholds) == set(GOEMOTIONS.labels)
        run = json.loads((out / "training.json").read_text())
        assert sum(run["rows"].values()) == 40
        assert (model.score(TEXTS, ["joy", "zorp"]) > 0).all()

    def test_the_recorded_command_names_the_teacher(self, tiny_corpus, checkpoint, tmp_path):
        given = ["train", "nano", "--data", str(tiny_corpus), "--teacher", str(checkpoint)]
        for pair in ("epochs=1", "max_rows=40", "contest_phrases=16", "batch_size=32"):
            given += ["--set", pair]
        done = CliRunner().invoke(app, [*given, "--out", str(tmp_path / "nano")])
        assert done.exit_code == 0, done.output
        run = json.loads((tmp_path / "nano" / "training.json").read_text())
        wanted = "emo-hub train nano --recipe nano --teacher FOLDER --set epochs=1 "
        assert run["command"].startswith(wanted)

    def test_shipped_recipe_fills_the_settings(self):
        assert read_recipe(NanoRecipe, "nano").epochs >= 1

    def test_a_whole_number_is_as_good_as_the_float_it_stands_for(self):
        chosen = [read_recipe(NanoRecipe, "nano", [f"context_weight={n}"]) for n in ("1", "1.0")]
        assert recipe_hash(chosen[0]) == recipe_hash(chosen[1])
        assert Table(torch.eye(4), chosen[0].context_weight).context_weight.item() == 1.0

    @pytest.mark.parametrize(
        "setting",
        [
            "epochs=0",
            "learning_rate=0",
            "token_dropout=1.0",
            "threshold_shrink=-5.0",
            "max_rows=-1",
            "phrase_weight=-0.5",
            "rarity=2.0",
            'table_precision="int4"',
            "mixed_precision=fp16",
        ],
    )
    def test_settings_that_cannot_work_are_refused(self, setting):
        with pytest.raises(SettingsError):
            read_recipe(NanoRecipe, "nano", [setting])
