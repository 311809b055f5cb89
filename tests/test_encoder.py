"""The encoder trainer: targets, losses, batches, what is kept, and that runs resume and repeat."""

from __future__ import annotations

import dataclasses
import json
import math
import random
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

import emo_hub
from emo_hub.calibration import fit_temperature, sigmoid
from emo_hub.checkpoint import Head
from emo_hub.classifier import EmotionClassifier
from emo_hub.config import part, read_recipe
from emo_hub.errors import CheckpointError, SettingsError
from emo_hub.metrics.contexts import exchanged, swap_probe
from emo_hub.model_card import write_card
from emo_hub.modeling import EmotionModel
from emo_hub.training.classification import PairReader, classified, plan_buckets
from emo_hub.training.encoder import EncoderRecipe, train_lesson
from emo_hub.training.first_outputs import begin_as_read
from emo_hub.training.judging import judge_outputs
from emo_hub.training.objectives import asymmetric, balanced_weights, binary_cross_entropy
from emo_hub.training.outputs import (
    Outputs,
    OutputSettings,
    open_outputs,
    output_layer,
    rate_groups,
)
from emo_hub.training.rows import TrainingRow
from emo_hub.training.state import Best
from emo_hub.training.targets import (
    ReadingSettings,
    folds,
    target_table,
    unseen,
    with_contexts,
)
from tests.classifiers import roberta_tokenizer
from tests.lessons import LABELS, lesson
from tests.processes import ENCODER, SHARED_OUT, on_two_processes

TINY = {
    "epochs": 2,
    "batch_size": 8,
    "learning_rate": 5e-3,
    "max_tokens": 48,
    "mixed_precision": "no",
    "save_every": 0,
    "checks_per_epoch": 1,
}


def recipe(base, **changes):
    return EncoderRecipe(**{**TINY, "base": str(base), **changes})


def facts(folder):
    return json.loads((folder / "training.json").read_text())


def weights(folder):
    return load_file(folder / "model.safetensors")


def assert_same_weights(one, two, tolerance=1e-6):
    one, two = weights(one), weights(two)
    assert one.keys() == two.keys()
    for name, value in one.items():
        assert torch.allclose(value, two[name], atol=tolerance), name


@pytest.fixture(scope="module")
def trained(tiny_base, tmp_path_factory):
    out = tmp_path_factory.mktemp("encoder") / "model"
    train_lesson(lesson(), out, recipe(tiny_base, epochs=4), command="made by a test")
    return out


# Targets and contexts.


def row(text, labels=None, **kwargs):
    return TrainingRow(
        text, "utterance", text, kwargs.pop("context", None), labels or {}, (), **kwargs
    )


def test_a_hard_target_is_whether_the_intensity_reaches_three_tenths():
    table = target_table([row("a", {"joy": 0.3, "fear": 0.29})], LABELS, "hard")
    assert table.tolist() == [[1.0, 0.0, 0.0, 0.0]]


def test_a_soft_target_is_the_intensity():
    table = target_table([row("a", {"joy": 0.3, "fear": 0.9})], LABELS, "soft")
    assert table[0].tolist() == pytest.approx([0.3, 0.0, 0.0, 0.9])


READING = ReadingSettings(context_share=1.0, character_share=0.0, stray_contexts=0.0, seed=0)
AFTER = [row(f"t{n}", context="before", character="Ada: a baker") for n in range(200)]
ALONE = [row(f"a{n}") for n in range(200)]


def test_a_context_share_of_one_half_reads_about_half_of_the_contexts():
    settings = dataclasses.replace(READING, context_share=0.5)
    read = with_contexts(AFTER, settings, epoch=0)
    assert 70 < sum(r.context is not None for r in read) < 130
    assert [r.text for r in read] == [r.text for r in AFTER]


def test_without_a_context_share_nothing_is_read_after_anything():
    settings = dataclasses.replace(READING, context_share=0.0, stray_contexts=1.0)
    assert {r.context for r in with_contexts(AFTER + ALONE, settings, epoch=0)} == {None}


def test_who_speaks_stands_between_context_and_text():
    settings = dataclasses.replace(READING, character_share=1.0)
    read = with_contexts(AFTER, settings, epoch=0)
    assert {r.context for r in read} == {"before\nAda: a baker"}


def test_strays_never_take_the_place_of_a_context_that_was_left_out():
    settings = dataclasses.replace(READING, context_share=0.001, stray_contexts=1.0)
    read = with_contexts(AFTER + ALONE, settings, epoch=0)
    assert sum(r.context is not None for r in read[:200]) < 5
    assert all(r.context for r in read[200:])


def test_validation_rows_that_are_trained_on_are_left_out():
    kept, count = unseen([row("We  WON"), row("we lost")], [row("we won")])
    assert [r.text for r in kept] == ["we lost"]
    assert count == 1


def test_equal_texts_and_rows_of_one_story_share_a_fold():
    rows = [row(f"line {n}", story=f"s{n // 4}") for n in range(80)]
    rows += [dataclasses.replace(row("Line 3"), id="again")]
    dealt = folds(rows, 5)
    assert all(len({dealt[i] for i in range(s, s + 4)}) == 1 for s in range(0, 80, 4))
    assert dealt[-1] == dealt[3]
    assert len(set(dealt)) > 1


# Losses.


def some_pairs():
    torch.manual_seed(0)
    return torch.randn(5, 4), torch.rand(5, 4)


def test_asymmetric_loss_without_focus_and_margin_is_cross_entropy():
    logits, targets = some_pairs()
    found = asymmetric(logits, targets, positive_focus=0, negative_focus=0, margin=0)
    assert torch.allclose(found, binary_cross_entropy(logits, targets), atol=1e-6)


def test_asymmetric_loss_of_a_sure_negative_is_nothing_and_pulls_nowhere():
    logits = torch.tensor([[-4.0]], requires_grad=True)
    loss = asymmetric(logits, torch.zeros(1, 1), positive_focus=0, negative_focus=4, margin=0.05)
    (gradient,) = torch.autograd.grad(loss.sum(), logits)
    assert loss.item() == 0.0
    assert gradient.item() == 0.0


def test_asymmetric_loss_matches_its_equation():
    p, margin = 0.7, 0.05
    logits = torch.tensor([[math.log(p / (1 - p))]])
    loss = asymmetric(logits, torch.zeros(1, 1), positive_focus=1, negative_focus=2, margin=margin)
    q = p - margin
    assert loss.item() == pytest.approx(-(q**2) * math.log(1 - q), rel=1e-5)
    loss = asymmetric(logits, torch.ones(1, 1), positive_focus=1, negative_focus=2, margin=margin)
    assert loss.item() == pytest.approx(-(1 - p) * math.log(p), rel=1e-5)


def test_balanced_weights_go_by_the_effective_number_of_rows():
    found = balanced_weights(np.array([1.0, 10.0, 1000.0], np.float32), 0.9)
    assert found.mean() == pytest.approx(1.0)
    assert found[0] / found[1] == pytest.approx((1 - 0.9**10) / (1 - 0.9), rel=1e-4)


class Linear(nn.Module):
    """What a classifier looks like to its loss."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 4)

    def forward(self, x):
        return dataclasses.make_dataclass("Output", ["logits"])(self.layer(x))


def test_the_parts_of_a_batch_on_two_processes_average_to_the_whole():
    torch.manual_seed(0)
    module = Outputs(Linear(), binary_cross_entropy)
    x, targets, trust = torch.randn(5, 3), torch.rand(5, 4), torch.rand(5)
    whole = module({"x": x}, targets, trust, 1 / 8)
    parts = [module({"x": x[i::2]}, targets[i::2], trust[i::2], 2 / 8) for i in range(2)]
    assert (sum(parts) / 2).item() == pytest.approx(whole.item(), rel=1e-6)


# Batches.


def planned(size=8, most=0):
    rng = random.Random(1)
    lengths = [rng.randint(3, 60) for _ in range(333)]
    return lengths, plan_buckets(lengths, list(range(333)), size, most, random.Random(2))


def test_an_epoch_visits_every_row_once():
    _, batches = planned()
    assert sorted(i for batch in batches for i in batch) == list(range(333))


def test_no_batch_is_wider_than_the_limit_of_tokens():
    lengths, batches = planned(size=16, most=200)
    assert all(len(b) * max(lengths[i] for i in b) <= 200 for b in batches)
    assert max(len(b) for b in batches) == 16


def test_bucketed_batches_are_padded_little():
    lengths, batches = planned()
    padded = sum(len(b) * max(lengths[i] for i in b) for b in batches)
    assert padded < 1.1 * sum(lengths)


# Starting points.


def opened(base, labels=LABELS, **changes):
    settings = part(OutputSettings, recipe(base, **changes))
    return open_outputs(settings, labels, np.full(len(labels), 0.2, np.float32))


def test_new_outputs_start_from_how_often_their_labels_hold(tiny_base):
    bias = output_layer(opened(tiny_base).model, 4).bias
    assert torch.sigmoid(bias.detach()).tolist() == pytest.approx([0.2] * 4, abs=1e-5)


def test_lower_layers_learn_more_slowly(tiny_base):
    model = opened(tiny_base).model
    groups = rate_groups(model, layer_decay=0.5, head_rate=2.0, weight_decay=0.1)
    share = {id(p): group["share"] for group in groups for p in group["params"]}
    assert len(share) == len(list(model.parameters()))
    assert share[id(model.bert.embeddings.word_embeddings.weight)] == 0.125
    assert share[id(model.bert.encoder.layer[0].output.dense.weight)] == 0.25
    assert share[id(model.bert.encoder.layer[1].output.dense.weight)] == 0.5
    assert share[id(model.bert.pooler.dense.weight)] == 1.0
    assert share[id(model.classifier.weight)] == 2.0


def test_the_loop_heeds_the_rates_of_layers(tiny_base, tmp_path):
    chosen = recipe(tiny_base, layer_decay=1e-4, weight_decay=0.0)
    made = train_lesson(lesson(), tmp_path / "m", chosen)
    start, end = load_file(tiny_base / "model.safetensors"), weights(made.path)
    moved = {
        name: (end[f"bert.{name}"] - start[name]).abs().max().item()
        for name in ("embeddings.word_embeddings.weight", "pooler.dense.weight")
    }
    assert moved["embeddings.word_embeddings.weight"] < 1e-6
    assert moved["pooler.dense.weight"] > 1e-3


def test_biases_and_norms_do_not_decay(tiny_base):
    groups = rate_groups(opened(tiny_base).model, layer_decay=0.9, head_rate=1.0, weight_decay=0.1)
    assert all((p.ndim > 1) == (g["weight_decay"] == 0.1) for g in groups for p in g["params"])


def test_a_zero_shot_checkpoint_of_ours_is_a_warm_start(tiny_base, tmp_path):
    backbone = AutoModel.from_pretrained(tiny_base)
    with torch.no_grad():
        backbone.encoder.layer[0].output.dense.weight.fill_(0.125)
    head = Head(1.0, 0.0, ("{}",), (), 48, {}, 0.5, None, None, base=str(tiny_base))
    dual = EmotionModel(backbone, AutoTokenizer.from_pretrained(tiny_base), head, None, None)
    dual.save(tmp_path / "dual")
    found = opened(tmp_path / "dual")
    assert "zero-shot model dual" in found.start
    assert str(tmp_path) not in found.start
    for name, value in backbone.state_dict().items():
        if "pooler" not in name:  # which a dual encoder has no use for
            assert torch.equal(found.model.base_model.state_dict()[name], value), name


def test_the_adapter_of_the_embedded_model_is_merged(default_model):
    found = opened("default", max_tokens=64).model.base_model.state_dict()
    for name, value in default_model.backbone.state_dict().items():
        if "pooler" not in name:
            assert torch.allclose(found[name], value, atol=1e-6), name


READ = ("joy", "anger", "gratitude", "boredom")
SAID = {
    "joy": "I am so happy about it",
    "anger": "I am furious with him",
    "gratitude": "Thank you so much",
    "boredom": "Nothing ever happens here and I am bored",
}
PLACES = ("today", "at work", "again", "in the garden", "on Monday", "with my sister", "abroad")


def begun(shares, labels=READ):
    """Outputs of the embedded model for rows without a single label, and their logits of some."""
    texts = [f"{said} {place}." for said in SAID.values() for place in PLACES]
    rows = [TrainingRow(str(i), "labelled", text, None, {}, ()) for i, text in enumerate(texts)]
    found = opened("default", labels=labels, max_tokens=64)
    found = begin_as_read(found, labels, rows, np.array(shares, np.float32), seed=0)
    tokens = [PairReader(found)(f"{said} indeed!", None) for said in SAID.values()]
    known = [PairReader(found)(text, None) for text in texts]
    return [classified(found.model, found.tokenizer, some, len(labels)) for some in (tokens, known)]


def test_outputs_of_a_warm_start_rank_texts_before_any_step():
    unseen, _ = begun([0.2] * 4)
    assert (unseen - unseen.mean(axis=0)).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_outputs_of_a_warm_start_hold_as_often_as_their_labels():
    shares = [0.4, 0.1, 0.02, 0.2]
    _, known = begun(shares)
    assert sigmoid(known).mean(axis=0) == pytest.approx(shares, abs=2e-3)


def test_labels_that_nobody_could_read_start_as_any_new_ones():
    found, _ = begun([0.5, 0.5], labels=("?!", "--"))
    assert sigmoid(found) == pytest.approx(0.2, abs=0.1)


def test_outputs_of_the_same_labels_are_kept(trained):
    found = output_layer(opened(trained).model, 4)
    assert torch.equal(found.weight.detach(), weights(trained)["classifier.weight"])


def test_outputs_of_other_labels_are_new(trained):
    found = output_layer(opened(trained, labels=("a", "b", "c", "d")).model, 4)
    assert not torch.equal(found.weight.detach(), weights(trained)["classifier.weight"])
    assert output_layer(opened(trained, labels=("a", "b")).model, 2).out_features == 2


def test_a_classifier_of_ours_may_read_more_than_it_was_trained_with(trained):
    assert opened(trained, max_tokens=100).tokenizer.model_max_length == 100


def test_a_static_model_is_refused(tmp_path, monkeypatch, tiny_base):
    from emo_hub.static import StaticBackbone, StaticConfig

    static = StaticBackbone(torch.zeros(5, 4), StaticConfig(vocab_size=5, hidden_size=4))
    dual = type("Dual", (), {"backbone": static, "name": "nano"})
    monkeypatch.setattr("emo_hub.training.outputs.EmotionModel.load", lambda folder: dual)
    with pytest.raises(CheckpointError, match="static model"):
        opened("default")


def random_encoder(kind, folder, tokenizer, **extra):
    from transformers import CONFIG_MAPPING

    settings = {
        "vocab_size": len(tokenizer), "hidden_size": 32, "num_hidden_layers": 2, "dim": 32,
        "num_attention_heads": 2, "n_heads": 2, "n_layers": 2, "intermediate_size": 48,
        "hidden_dim": 48, "max_position_embeddings": 140, "pad_token_id": tokenizer.pad_token_id,
        "classifier_pooling": "mean", **extra,
    }  # fmt: skip
    AutoModel.from_config(CONFIG_MAPPING[kind](**settings)).save_pretrained(folder)
    if kind in ("modernbert", "mpnet"):
        # Their forward pass takes no segments, so their own tokenizers write none.
        tokenizer.model_input_names = ["input_ids", "attention_mask"]
        tokenizer.init_kwargs["model_input_names"] = tokenizer.model_input_names
    tokenizer.save_pretrained(folder)
    return folder


def letters_of_deberta(_base):
    from transformers import DebertaV2Tokenizer

    names = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,\N{LOWER ONE EIGHTH BLOCK}"
    pieces = [(name, 0.0) for name in names] + [(letter, -3.0) for letter in letters]
    return DebertaV2Tokenizer(vocab=pieces)


def bytes_of_roberta(_base):
    return roberta_tokenizer()


# As microsoft/deberta-v3-base is built: no table of segments, positions relative in both ways.
DEBERTA_V3 = {
    "type_vocab_size": 0, "relative_attention": True, "position_buckets": 16,
    "pos_att_type": ["p2c", "c2p"], "norm_rel_ebd": "layer_norm", "share_att_key": True,
    "position_biased_input": False, "max_relative_positions": -1,
}  # fmt: skip
KINDS = {
    "RoBERTa": ("roberta", bytes_of_roberta, {"type_vocab_size": 1}),
    "RoBERTa of two segments": ("roberta", AutoTokenizer.from_pretrained, {"type_vocab_size": 2}),
    "ModernBERT": ("modernbert", AutoTokenizer.from_pretrained, {}),
    "DeBERTa v2": ("deberta-v2", letters_of_deberta, {"type_vocab_size": 2}),
    "DeBERTa v3": ("deberta-v2", letters_of_deberta, DEBERTA_V3),
    "MPNet": ("mpnet", AutoTokenizer.from_pretrained, {}),
}


@pytest.mark.parametrize("name", KINDS)
def test_encoders_of_other_architectures_are_trained_and_read_by_both_pipelines(
    name, tiny_base, tmp_path
):
    from transformers import pipeline

    kind, tokenizer, extra = KINDS[name]
    base = random_encoder(kind, tmp_path / "base", tokenizer(tiny_base), **extra)
    made = train_lesson(lesson(16, 8), tmp_path / "m", recipe(base, epochs=1))
    assert len(made.losses) == 2
    assert all(math.isfinite(loss) for loss in made.losses)
    before, text = "it was my joy", "i feel so sad"
    stock = pipeline("text-classification", model=str(made.path), top_k=None, device="cpu")
    told = {
        answer["label"]: answer["score"] for answer in stock({"text": before, "text_pair": text})
    }
    classifier = EmotionClassifier.load(made.path)
    logits = classifier.logits([text], [before])
    assert [told[label] for label in LABELS] == pytest.approx(sigmoid(logits)[0], abs=1e-5)
    answer = emo_hub.pipeline("contextual-emotion", model=made.path)(text, context=before)
    rated = dict(zip(answer["labels"], answer["scores"], strict=True))
    expected = classifier.calibrated(logits)[0]
    assert [rated[label] for label in LABELS] == pytest.approx(expected, abs=1e-5)


def test_a_model_of_one_segment_is_widened_on_demand(tiny_base, tmp_path):
    base = random_encoder("roberta", tmp_path / "base", roberta_tokenizer(), type_vocab_size=1)
    made = train_lesson(lesson(16, 8), tmp_path / "m", recipe(base, epochs=1, segments="two"))
    model = AutoModelForSequenceClassification.from_pretrained(made.path)
    assert model.config.type_vocab_size == 2
    table = model.roberta.embeddings.token_type_embeddings.weight
    assert table.shape[0] == 2
    assert not torch.equal(table[0], table[1])


def test_two_segments_of_a_model_without_any_are_refused(tiny_base, tmp_path):
    base = random_encoder("deberta-v2", tmp_path / "base", letters_of_deberta(None), **DEBERTA_V3)
    with pytest.raises(SettingsError, match="no table of segments"):
        opened(base, segments="two")


# Runs.


def test_training_lowers_the_loss(tiny_base, tmp_path):
    made = train_lesson(lesson(), tmp_path / "m", recipe(tiny_base, epochs=8))
    assert np.mean(made.losses[-4:]) < 0.8 * np.mean(made.losses[:4])


@pytest.mark.parametrize(
    "change",
    [
        {"loss": "asymmetric"},
        {"loss": "class_balanced", "targets": "soft"},
        {"gradient_checkpointing": True},
        {"mixed_precision": "bf16"},
        {"accumulation_steps": 2, "max_batch_tokens": 64},
    ],
    ids=lambda change: "+".join(change),
)
def test_every_way_of_training_trains(change, tiny_base, tmp_path):
    made = train_lesson(lesson(), tmp_path / "m", recipe(tiny_base, epochs=6, **change))
    assert np.mean(made.losses[-4:]) < np.mean(made.losses[:4])


def test_gradient_checkpointing_changes_no_weight(tiny_base, tmp_path):
    for name, chosen in (("a", True), ("b", False)):
        settings = recipe(tiny_base, gradient_checkpointing=chosen, dropout=0.0)
        train_lesson(lesson(), tmp_path / name, settings)
    assert_same_weights(tmp_path / "a", tmp_path / "b", 1e-5)


class Killed(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize("change", [{}, {"average_decay": 0.9}, {"accumulation_steps": 4}])
def test_a_killed_run_resumes_to_the_same_weights(change, tiny_base, tmp_path):
    chosen = recipe(tiny_base, save_every=4, checks_per_epoch=2, **change)
    train_lesson(lesson(), tmp_path / "whole", chosen)

    def kill(step, steps, loss):
        if step == 10:
            raise Killed

    with pytest.raises(Killed):
        train_lesson(lesson(), tmp_path / "cut", chosen, progress=kill)
    made = train_lesson(lesson(), tmp_path / "cut", chosen)
    assert made.resumed_at == 8
    assert_same_weights(tmp_path / "whole", tmp_path / "cut")
    assert facts(tmp_path / "whole")["checks"] == facts(tmp_path / "cut")["checks"]


def test_training_stops_when_checks_get_no_better(tiny_base, tmp_path):
    chosen = recipe(tiny_base, epochs=9, learning_rate=1e-12, patience=2)
    made = train_lesson(lesson(), tmp_path / "m", chosen)
    assert len(facts(tmp_path / "m")["checks"]) == 3
    assert len(made.losses) == 3 * 6


def test_the_weights_of_the_best_check_are_kept(tiny_base, tmp_path):
    made = train_lesson(lesson(), tmp_path / "m", recipe(tiny_base, epochs=5, patience=0))
    told = facts(made.path)
    best = max(check["average_precision"] for check in told["checks"])
    assert told["validation"]["average_precision"] == pytest.approx(best, abs=1e-4)
    assert len({check["average_precision"] for check in told["checks"]}) > 1


def test_the_first_of_equally_good_weights_is_the_best():
    parameter = nn.Parameter(torch.zeros(1))
    best = Best({"p": parameter}, patience=0)
    for step, score in enumerate([0.1, 0.7, 0.4, 0.7]):
        parameter.data.fill_(step)
        best.judge(step, score)
    best.apply()
    assert parameter.item() == 1.0
    assert best.at == (1, 0.7)


def test_a_finished_run_is_reused_and_says_so(trained, tiny_base):
    said = []
    made = train_lesson(lesson(), trained, recipe(tiny_base, epochs=4), say=said.append)
    assert made.reused
    assert any("reused" in line for line in said)


def test_other_weights_in_the_place_of_the_base_are_another_run(tiny_base, tmp_path):
    base = tmp_path / "base"
    for scale in (1.0, 0.5):
        model = AutoModel.from_pretrained(tiny_base)
        model.pooler.dense.weight.data.mul_(scale)
        model.save_pretrained(base)
        AutoTokenizer.from_pretrained(tiny_base).save_pretrained(base)
        made = train_lesson(lesson(16, 8), tmp_path / "m", recipe(base, epochs=1))
        assert not made.reused


@pytest.mark.parametrize(
    "change",
    [
        {"targets": "loud"},
        {"loss": "mse"},
        {"segments": "three"},
        {"layer_decay": 0.0},
        {"context_share": 2.0},
        {"class_balance": 1.0},
        {"epochs": 0},
    ],
)
def test_settings_that_cannot_work_are_refused(change):
    with pytest.raises(SettingsError, match=next(iter(change))):
        recipe("base", **change)


def test_more_tokens_than_the_base_reads_are_refused(tiny_base):
    with pytest.raises(SettingsError, match="max_tokens is 4000"):
        opened(tiny_base, max_tokens=4000)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("encoder", "bert"), ("encoder-base", "modernbert"), ("encoder-large", "roberta")],
)
def test_shipped_recipes_run_on_a_small_model_of_their_kind(name, kind, tiny_base, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(tiny_base)
    base = random_encoder(kind, tmp_path / "base", tokenizer, type_vocab_size=1 + (kind == "bert"))
    changes = [f"base='{base}'", "max_tokens=48", "epochs=1", "mixed_precision=no"]
    made = train_lesson(lesson(24, 8), tmp_path / "m", read_recipe(EncoderRecipe, name, changes))
    assert made.losses
    assert all(math.isfinite(loss) for loss in made.losses)


# What is written.


def test_the_checkpoint_is_a_stock_classifier(trained):
    model = AutoModelForSequenceClassification.from_pretrained(trained)
    config = model.config
    assert type(model).__name__ == "BertForSequenceClassification"
    assert config.problem_type == "multi_label_classification"
    assert [config.id2label[n] for n in range(4)] == list(LABELS)
    assert set(config.thresholds) == set(LABELS)
    assert config.uses_context is True
    assert config.emo_hub_task == "emo-pillars"
    assert AutoTokenizer.from_pretrained(trained).model_max_length == TINY["max_tokens"]


def test_weights_are_safetensors_and_nothing_else(trained):
    assert {p.name for p in trained.iterdir() if p.suffix not in (".json", ".md", ".txt")} == {
        "model.safetensors"
    }


def test_the_stock_pipeline_rates_every_label_of_a_pair(trained):
    from transformers import pipeline

    clf = pipeline("text-classification", model=str(trained), top_k=None)
    found = clf({"text": "happy happy of you", "text_pair": "it was so"})
    assert {answer["label"] for answer in found} == set(LABELS)
    logits = EmotionClassifier.load(trained).logits(["it was so"], ["happy happy of you"])
    told = {answer["label"]: answer["score"] for answer in found}
    expected = torch.sigmoid(torch.from_numpy(logits[0])).tolist()
    assert [told[label] for label in LABELS] == pytest.approx(expected, abs=1e-5)


def test_the_card_reports_right_no_and_swapped_context(trained):
    card, swap = (trained / "README.md").read_text(), facts(trained)["swap"]
    assert "made by a test" in card
    for name in ("right", "none", "swapped"):
        assert f"{swap[name]:.3f}" in card


def test_the_card_of_a_measured_checkpoint_has_both(trained, tmp_path):
    place = shutil.copytree(trained, tmp_path / "m")
    found = {
        "benchmark": "goemotions", "split": "test", "role": "zero-shot", "rows": 10,
        "available": 10, "headline": "macro_f1", "value": 0.4567, "low": 0.4, "high": 0.5,
    }  # fmt: skip
    names = ("right", "none", "swapped", "right_over_none", "right_over_swapped")
    shares = {f"context_{name}": 0.9 - 0.123 * n for n, name in enumerate(names)}
    ends = {f"context_{name}": [0.1, 0.7] for name in names[3:]}
    own = {**found, "benchmark": "emo-pillars", "metrics": shares, "intervals": ends}
    told = {"command": "measured so", "measured": [found, own]}
    (place / "results.json").write_text(json.dumps(told))
    card = write_card(place, name="m").read_text()
    assert "0.457" in card
    assert "| 0.900 | 0.777 | 0.654 |" in card
    assert f"{facts(trained)['swap']['right']:.3f}" in card


def test_without_contexts_the_checkpoint_says_so(tiny_base, tmp_path):
    made = train_lesson(lesson(16, 8), tmp_path / "m", recipe(tiny_base, context_share=0.0))
    assert not EmotionClassifier.load(made.path).uses_context
    assert "takes none" in (made.path / "README.md").read_text()


def test_temperature_undoes_overconfidence():
    rng = np.random.default_rng(0)
    logits = rng.normal(-1, 1.5, (4000, 4)).astype(np.float32)
    holds = rng.random((4000, 4)) < 1 / (1 + np.exp(-logits))
    assert fit_temperature(3 * logits, holds) == pytest.approx(3.0, rel=0.05)


def reading(text_says=0.0, context_says=0.0):
    """Give a scorer that finds labels by their word in the text, and in the context."""
    words = ("happy", "anger", "sad", "fear")

    def score(texts, contexts):
        pairs = zip(texts, contexts, strict=True)
        found = [
            [text_says * (w in text) + context_says * (w in (before or "")) - n for n, w in
             enumerate(words)]
            for text, before in pairs
        ]  # fmt: skip
        return np.array(found, np.float32)

    return score


def test_thresholds_that_are_drawn_to_others_still_part_what_is_apart():
    rows = lesson(validation=96).material.validation
    score = reading(9, 9)
    judged = judge_outputs(score, rows, LABELS, shrink=20, has_context=True)
    logits = score([row.text for row in rows], [row.context for row in rows])
    cuts = np.array([judged.thresholds[label] for label in LABELS])
    given = sigmoid(logits / judged.temperature) >= cuts
    primary = np.array([[row.primary == label for label in LABELS] for row in rows])
    assert (given == primary).all()


def test_a_model_that_reads_context_loses_without_it_and_with_another():
    rows = lesson(validation=96).material.validation
    found = swap_probe(reading(9, 9), rows, LABELS)
    assert found["rows"] == 32
    assert found["right"] == 1.0
    assert found["none"] < 0.5
    assert found["swapped"] < 0.6
    assert found["right_over_none"][1] > 0


def test_a_model_that_ignores_context_is_right_as_often_each_way():
    found = swap_probe(reading(9, 0), lesson(validation=96).material.validation, LABELS)
    assert found["right"] == found["none"] == found["swapped"]


def test_swapped_contexts_are_those_of_other_stories():
    rows = [r for r in lesson(validation=96).material.validation if r.context]
    marked = [dataclasses.replace(r, context=r.story) for r in rows]
    for number in range(3):
        assert all(got != r.story for got, r in zip(exchanged(marked, number), marked, strict=True))


def test_a_corpus_is_trained_on_from_the_command_line(tiny_corpus, tiny_base, tmp_path):
    from typer.testing import CliRunner

    from emo_hub.cli import app

    changes = {**TINY, "epochs": 1, "max_rows": 32}
    arguments = [f"{k}={json.dumps(v)}" for k, v in changes.items()]
    command = ["train", "encoder", "--data", str(tiny_corpus), "--out", str(tmp_path / "m")]
    command += ["--base", str(tiny_base), *(x for a in arguments for x in ("--set", a))]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert len(EmotionClassifier.load(tmp_path / "m").labels) == 28
    assert "emo-hub train encoder --recipe encoder" in (tmp_path / "m" / "README.md").read_text()
    assert facts(tmp_path / "m")["swap"]["rows"] > 0


# 49 rows in batches of 8: the last batch has a row for one process and none for the other.
TOGETHER = {**TINY, "dropout": 0.0, "save_every": 4}


@pytest.fixture(scope="module")
def on_one(tiny_base, tmp_path_factory):
    """What one process makes of the rows that two share."""
    out = tmp_path_factory.mktemp("one") / "m"
    return train_lesson(lesson(49), out, EncoderRecipe(**TOGETHER, base=str(tiny_base)))


def assert_same_run(one, told, out):
    assert told["processes"] == 2
    assert told["losses"] == pytest.approx(list(one.losses)[told["resumed_at"] :], rel=1e-3)
    assert_same_weights(one.path, out, 1e-3)
    ours, theirs = facts(one.path)["checks"], facts(out)["checks"]
    assert [c["step"] for c in ours] == [c["step"] for c in theirs]
    for a, b in zip(ours, theirs, strict=True):
        assert a["average_precision"] == pytest.approx(b["average_precision"], abs=1e-3)


@pytest.mark.slow
def test_two_processes_give_the_loss_weights_and_checks_of_one(tiny_base, tmp_path, on_one):
    told = on_two_processes(ENCODER, tmp_path / "m", {**TOGETHER, "base": str(tiny_base)})
    assert_same_run(on_one, told, tmp_path / "m")


@pytest.mark.slow
def test_weights_shared_out_by_accelerates_config_end_whole(tiny_base, tmp_path, on_one):
    settings = {**TOGETHER, "base": str(tiny_base)}
    told = on_two_processes(ENCODER, tmp_path / "m", settings, config=SHARED_OUT)
    assert told["kind"] == "FSDP"
    assert_same_run(on_one, told, tmp_path / "m")
    texts, contexts = ["it was so t0", "i feel so sad"], ["happy happy of you", None]
    one, two = (
        EmotionClassifier.load(p).score(texts, contexts) for p in (on_one.path, tmp_path / "m")
    )
    assert np.allclose(one, two, atol=1e-3)


@pytest.mark.slow
def test_a_killed_run_of_weights_shared_out_resumes(tiny_base, tmp_path, on_one):
    settings = {**TOGETHER, "base": str(tiny_base)}
    on_two_processes(ENCODER, tmp_path / "m", settings, config=SHARED_OUT, die_at=10)
    told = on_two_processes(ENCODER, tmp_path / "m", settings, config=SHARED_OUT)
    assert told["resumed_at"] == 8
    assert_same_run(on_one, told, tmp_path / "m")


def test_the_first_version_of_fsdp_is_refused(tiny_base, tmp_path, monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    monkeypatch.setenv("FSDP_VERSION", "1")
    with pytest.raises(SettingsError, match="fsdp_version: 2"):
        train_lesson(lesson(16, 8), tmp_path / "m", recipe(tiny_base))


@pytest.mark.slow
def test_a_compiled_encoder_trains_to_the_same_weights(tiny_base, tmp_path):
    for name, chosen in (("a", True), ("b", False)):
        settings = recipe(tiny_base, compile=chosen, dropout=0.0, epochs=1)
        train_lesson(lesson(16, 8), tmp_path / name, settings)
    assert_same_weights(tmp_path / "a", tmp_path / "b", 1e-3)
