"""Training: what a batch knows, what the loss is, and that runs resume, repeat and distribute."""

from __future__ import annotations

import dataclasses
import math
import resource
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional as F
from transformers import CONFIG_MAPPING, AutoModel, AutoTokenizer

from emo_hub.checkpoint import PACKAGED_BASE, base_folder, read_head
from emo_hub.config import read_recipe
from emo_hub.errors import CheckpointError, DataError, InputError, SettingsError
from emo_hub.modeling import EmotionModel
from emo_hub.palette import palette
from emo_hub.taxonomy import GOEMOTIONS, find_emotion
from emo_hub.training.batches import (
    BatchSettings,
    DescriptorVocabulary,
    make_batch,
    plan_epoch,
    with_stray_contexts,
)
from emo_hub.training.contrastive import ContrastiveRecipe, train_contrastive
from emo_hub.training.held_out import choose_words, measure, without_words
from emo_hub.training.losses import contest_loss, multi_positive_sigmoid_loss, vad_loss
from emo_hub.training.material import check_judges
from emo_hub.training.nano import NanoRecipe, train_nano
from emo_hub.training.rows import TrainingRow, annotated_rows, corpus_rows
from emo_hub.training.state import Average, Best, State
from tests.processes import CONTRASTIVE, SHARED_OUT, on_two_processes


def row(text, labels, *descriptors, **kwargs):
    return TrainingRow(text, "utterance", text, None, labels, descriptors, **kwargs)


ROWS = [
    row("we won", {"joy": 0.9, "pride": 0.5}, "triumph", "quiet pride"),
    row("my medal", {"pride": 0.8}, "glowing"),
    row("he is gone", {"grief": 1.0}, "sorrow"),
]
SETTINGS = BatchSettings(
    batch_size=2,
    epochs=2,
    extra_phrases=0,
    template_share=0.0,
    templates=("feeling {}",),
    synonym_share=0.0,
    use_labels=True,
    intensity_floor=0.0,
    stray_contexts=0.0,
    palette_words=0,
    seed=1,
)


def cell(batch, r, phrase):
    c = batch.phrases.index(phrase)
    return batch.targets[r, c], batch.weights[r, c]


def test_own_descriptor_is_a_positive():
    batch = make_batch(ROWS, DescriptorVocabulary(ROWS), SETTINGS, step=0)
    assert cell(batch, 0, "triumph") == (1.0, 1.0)


def test_label_target_is_its_intensity():
    batch = make_batch(ROWS, DescriptorVocabulary(ROWS), SETTINGS, step=0)
    assert cell(batch, 0, "pride") == (pytest.approx(0.5), 1.0)


def test_label_that_the_teacher_left_out_is_a_negative():
    batch = make_batch(ROWS, DescriptorVocabulary(ROWS), SETTINGS, step=0)
    assert cell(batch, 0, "anger") == (0.0, 1.0)


def test_descriptor_of_a_row_that_shares_an_emotion_is_unknown():
    batch = make_batch(ROWS, DescriptorVocabulary(ROWS), SETTINGS, step=0)
    assert cell(batch, 1, "triumph")[1] == 0.0


def test_descriptor_of_a_row_that_shares_nothing_is_a_negative():
    batch = make_batch(ROWS, DescriptorVocabulary(ROWS), SETTINGS, step=0)
    assert cell(batch, 2, "triumph") == (0.0, 1.0)


def test_without_labels_a_shared_word_makes_a_descriptor_unknown():
    rows = [row("a", {"joy": 1.0}, "quiet pride"), row("b", {"fear": 1.0}, "pride at last")]
    settings = dataclasses.replace(SETTINGS, use_labels=False)
    batch = make_batch(rows, DescriptorVocabulary(rows, use_labels=False), settings, step=0)
    assert cell(batch, 1, "quiet pride")[1] == 0.0


def test_descriptor_supervision_never_sees_a_label():
    settings = dataclasses.replace(SETTINGS, use_labels=False)
    vocabulary = DescriptorVocabulary(ROWS, use_labels=False)
    other = [dataclasses.replace(r, labels={"disgust": 1.0}) for r in ROWS]
    one = make_batch(ROWS, vocabulary, settings, step=0)
    two = make_batch(other, DescriptorVocabulary(other, use_labels=False), settings, step=0)
    assert one.phrases == two.phrases
    assert np.array_equal(one.targets, two.targets)
    assert np.array_equal(one.weights, two.weights)


def test_parts_of_a_batch_make_up_the_whole():
    batch = make_batch(ROWS, DescriptorVocabulary(ROWS), SETTINGS, step=0)
    parts = [batch.part(rank, 2) for rank in range(2)]
    assert sorted(r.id for p in parts for r in p.rows) == sorted(r.id for r in batch.rows)
    assert parts[0].phrases == parts[1].phrases


def test_an_epoch_visits_every_row_once():
    rows = [row("x" * (i % 9), {"joy": 1.0}, "glee") for i in range(101)]
    visited = [i for batch in plan_epoch(rows, SETTINGS, 0) for i in batch]
    assert sorted(visited) == list(range(101))


def test_a_row_of_little_trust_is_visited_once_in_a_run():
    rows = [dataclasses.replace(r, trust=0.2 if i else 1.0) for i, r in enumerate(ROWS)]
    visited = [i for e in range(2) for batch in plan_epoch(rows, SETTINGS, e) for i in batch]
    assert sorted(visited) == [0, 0, 1, 2]


def test_trust_weighs_labels_and_leaves_descriptors():
    rows = [dataclasses.replace(ROWS[0], trust=0.2), *ROWS[1:]]
    batch = make_batch(rows, DescriptorVocabulary(rows), SETTINGS, step=0)
    assert cell(batch, 0, "anger")[1] == pytest.approx(0.2)
    assert cell(batch, 0, "triumph") == (1.0, 1.0)


def test_extra_phrases_come_from_the_vocabulary():
    settings = dataclasses.replace(SETTINGS, extra_phrases=8)
    batch = make_batch(ROWS[2:], DescriptorVocabulary(ROWS), settings, step=0)
    drawn = set(batch.phrases) - set(GOEMOTIONS.labels) - {"sorrow"}
    assert drawn
    assert drawn <= {"triumph", "quiet pride", "glowing"}


CHOSEN = [
    *(row(f"t{i}", {"fear": 0.8}, "dread", words=("afraid", "scared")) for i in range(60)),
    row("u", {"joy": 0.8}, "glee", words=("happy", "joyful", "content")),
    row("v", {"joy": 0.8}, "bliss"),
]
ASKING = dataclasses.replace(SETTINGS, palette_words=400)


def word_cell(batch, r, word):
    forms = {word.adjective, word.noun}
    c = max(c for c, phrase in enumerate(batch.phrases) if phrase in forms)
    return batch.targets[r, c], batch.weights[r, c]


def spoken(adjective):
    return next(word for word in palette() if word.adjective == adjective)


def test_the_first_chosen_word_holds_whole_and_the_next_ones_less():
    batch = make_batch(CHOSEN[-2:], DescriptorVocabulary(CHOSEN), ASKING, step=0)
    told = [word_cell(batch, 0, spoken(w))[0] for w in ("happy", "joyful", "content")]
    assert told[0] == 1.0
    assert told == sorted(told, reverse=True)
    assert told[2] > 0.5


def test_a_word_that_was_not_chosen_does_not_hold():
    batch = make_batch(CHOSEN[-2:], DescriptorVocabulary(CHOSEN), ASKING, step=0)
    assert word_cell(batch, 0, spoken("afraid")) == (0.0, 1.0)


def test_leaving_out_a_word_that_mostly_stands_beside_a_chosen_one_counts_less():
    lone = row("w", {"fear": 0.8}, "dread", words=("afraid",))
    batch = make_batch([lone], DescriptorVocabulary(CHOSEN), ASKING, step=0)
    target, weight = word_cell(batch, 0, spoken("scared"))
    assert target == 0.0
    assert 0.0 < weight < 0.5


def test_a_row_of_which_nobody_was_asked_teaches_nothing_of_the_palette():
    batch = make_batch(CHOSEN[-2:], DescriptorVocabulary(CHOSEN), ASKING, step=0)
    assert word_cell(batch, 1, spoken("afraid"))[1] == 0.0


def test_a_word_that_is_kept_out_is_not_asked_about():
    kept = without_words(CHOSEN, ["scared"])
    assert {row.words for row in kept[:60]} == {("afraid",)}
    batch = make_batch(kept[-2:], DescriptorVocabulary(kept), ASKING, step=0)
    assert not {"scared", "fright"} & set(batch.phrases)


def test_both_forms_of_a_word_are_said():
    vocabulary = DescriptorVocabulary(CHOSEN)
    said = {p for step in range(20) for p in make_batch(CHOSEN, vocabulary, ASKING, step).phrases}
    assert {"afraid", "fear"} <= said


def test_stray_contexts_are_lines_of_other_rows_and_change_no_target():
    rows = [row(f"line {i}", {"joy": 1.0}) for i in range(200)]
    settings = dataclasses.replace(SETTINGS, stray_contexts=0.3)
    mixed = with_stray_contexts(rows, settings, epoch=0)
    changed = [m for m in mixed if m.context]
    assert 40 <= len(changed) <= 80
    assert {line for m in changed for line in m.context.split("\n")} <= {r.text for r in rows}
    assert [(m.text, m.labels) for m in mixed] == [(r.text, r.labels) for r in rows]


def test_a_context_of_its_own_is_never_replaced():
    own = dataclasses.replace(ROWS[0], context="the final whistle")
    settings = dataclasses.replace(SETTINGS, stray_contexts=1.0)
    assert with_stray_contexts([own], settings, epoch=0) == [own]


def test_strays_depend_on_the_epoch_alone():
    settings = dataclasses.replace(SETTINGS, stray_contexts=0.5)
    first, again, other = (with_stray_contexts(ROWS * 20, settings, epoch) for epoch in (1, 1, 2))
    assert first == again != other


def test_label_names_are_said_as_their_synonyms():
    settings = dataclasses.replace(SETTINGS, synonym_share=1.0)
    said = make_batch(ROWS, DescriptorVocabulary(ROWS), settings, step=0).phrases
    column = GOEMOTIONS.index("anger")
    assert said[column] in find_emotion("anger").ways
    assert make_batch(ROWS, DescriptorVocabulary(ROWS), SETTINGS, step=0).phrases[column] == "anger"


def test_contest_matches_cross_entropy_over_known_phrases():
    text, phrase = torch.eye(2), torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    targets = torch.tensor([[1.0, 0.0, 0.5], [0.0, 0.0, 0.0]])
    weights = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    loss = contest_loss(text, phrase, torch.tensor(3.0), targets, weights)
    # The second text holds nothing and the third phrase is unknown to the first.
    expected = F.cross_entropy(torch.tensor([[3.0, 0.0]]), torch.tensor([0])) / 2
    assert float(loss) == pytest.approx(float(expected), rel=1e-6)


WORDY = [
    row(f"text {i}", {"sadness": 1.0}, ("lonely", "so lonely", "loneliness")[i % 3], "blue")
    for i in range(200)
]


def test_a_word_kept_out_goes_with_all_its_forms_and_nothing_else():
    kept = without_words(WORDY, ["lonely"])
    assert {d for r in kept for d in r.descriptors} == {"blue"}
    assert [(r.text, r.labels) for r in kept] == [(r.text, r.labels) for r in WORDY]


def test_words_are_chosen_once_for_all_their_forms_and_never_from_the_labels():
    rows = WORDY + [row(f"more {i}", {"joy": 1.0}, "joyful", "happy") for i in range(60)]
    chosen = choose_words(rows, 2, seed=0)
    assert {word[:4] for word in chosen} == {"lone", "blue"}


def test_more_words_than_there_are_is_refused():
    with pytest.raises(SettingsError, match="held_out_words is 9"):
        choose_words(WORDY, 9, seed=0)


def test_held_out_words_that_win_where_they_hold_score_one():
    rows = [row("a", {}, "lonely"), row("b", {}, "trusting"), row("c", {})]
    perfect = np.array([[3.0, 0.0], [0.0, 3.0], [1.0, 1.0]], np.float32)
    found = measure(perfect, rows, ["lonely", "trust"])
    assert (found["rows"], found["contest"], found["precision"]) == (2, 1.0, 1.0)
    worst = measure(-perfect, rows, ["lonely", "trust"])
    assert worst["contest"] == 0.0
    assert worst["precision"] == pytest.approx(1 / 3, abs=1e-3)


def test_loss_matches_binary_cross_entropy_of_each_pair():
    torch.manual_seed(0)
    text, phrase = (F.normalize(torch.randn(n, 8), dim=-1) for n in (3, 5))
    targets, weights = torch.rand(3, 5), torch.ones(3, 5)
    scale, bias = torch.tensor(7.0), torch.tensor(-2.0)
    loss = multi_positive_sigmoid_loss(text, phrase, scale, bias, targets, weights)
    expected = 0.0
    for b in range(3):
        for c in range(5):
            p = torch.sigmoid(7.0 * text[b].dot(phrase[c]) - 2.0)
            expected -= targets[b, c] * p.log() + (1 - targets[b, c]) * (1 - p).log()
    assert loss.item() == pytest.approx(float(expected) / 3, rel=1e-5)


def test_unknown_pair_changes_no_gradient():
    text = F.normalize(torch.randn(2, 4), dim=-1).requires_grad_()
    phrase = F.normalize(torch.randn(3, 4), dim=-1)
    weights = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    gradients = []
    for unknown in (0.0, 1.0):
        targets = torch.tensor([[1.0, 0.0, unknown], [0.0, 1.0, 0.0]])
        one = torch.tensor(5.0)
        loss = multi_positive_sigmoid_loss(text, phrase, one, -one, targets, weights)
        gradients.append(torch.autograd.grad(loss, text)[0])
    assert torch.equal(*gradients)


def test_vad_loss_ignores_what_is_unknown():
    predicted = torch.tensor([[3.0, 3.0, 3.0]])
    targets = torch.tensor([[5.0, math.nan, 3.0]])
    assert vad_loss(predicted, targets).item() == pytest.approx(4.0)


def recipe(settings, **changes):
    return ContrastiveRecipe(**{**settings, "use_comments": False, **changes})


def weights_of(folder):
    return EmotionModel.load(folder).backbone.state_dict()


def assert_same_weights(one, two):
    one, two = weights_of(one), weights_of(two)
    for name, value in one.items():
        assert torch.allclose(value, two[name], atol=1e-6), name


def test_training_lowers_the_loss(tiny_corpus, tiny_settings, tmp_path):
    made = train_contrastive(tiny_corpus, tmp_path / "m", recipe(tiny_settings, epochs=6))
    first, last = np.mean(made.losses[:4]), np.mean(made.losses[-4:])
    assert last < 0.9 * first


def test_training_twice_with_one_seed_gives_equal_weights(tiny_corpus, tiny_settings, tmp_path):
    for name in ("a", "b"):
        train_contrastive(tiny_corpus, tmp_path / name, recipe(tiny_settings))
    assert_same_weights(tmp_path / "a", tmp_path / "b")


def test_another_seed_gives_other_weights(tiny_corpus, tiny_settings, tiny_checkpoint, tmp_path):
    train_contrastive(tiny_corpus, tmp_path / "m", recipe(tiny_settings, seed=5))
    one, two = weights_of(tmp_path / "m"), weights_of(tiny_checkpoint)
    assert any(not torch.equal(one[name], two[name]) for name in one)


class Killed(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize("decay", [0.0, 0.9])
def test_a_killed_run_resumes_to_the_same_weights(tiny_corpus, tiny_settings, tmp_path, decay):
    chosen = recipe(tiny_settings, epochs=2, save_every=3, average_decay=decay)
    train_contrastive(tiny_corpus, tmp_path / "whole", chosen)

    def kill(step, steps, loss):
        if step == 5:
            raise Killed

    with pytest.raises(Killed):
        train_contrastive(tiny_corpus, tmp_path / "cut", chosen, progress=kill)
    made = train_contrastive(tiny_corpus, tmp_path / "cut", chosen)
    assert made.resumed_at == 3
    assert_same_weights(tmp_path / "whole", tmp_path / "cut")


def test_a_damaged_training_state_is_a_clear_error(tiny_corpus, tiny_settings, tmp_path):
    chosen = recipe(tiny_settings, save_every=1)

    def kill(step, steps, loss):
        if step == 2:
            raise Killed

    with pytest.raises(Killed):
        train_contrastive(tiny_corpus, tmp_path / "m", chosen, progress=kill)
    (state,) = tmp_path.glob(".m-*")
    (state / "moments.safetensors").write_bytes(b"not a tensor")
    with pytest.raises(CheckpointError, match=r"moments\.safetensors is missing or damaged"):
        train_contrastive(tiny_corpus, tmp_path / "m", chosen)


def test_a_full_disk_is_named_and_leaves_the_last_state_alone(tmp_path):
    module = torch.nn.Linear(64, 64)
    optimizer = torch.optim.AdamW(module.parameters())
    module(torch.ones(1, 64)).sum().backward()
    optimizer.step()
    average = Average(module, 0.0)
    state = State(tmp_path / "state", optimizer, average, Best(average.trained, 0))
    state.save(1, is_writer=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, hard))
    try:
        with pytest.raises(DataError, match="disk is full"):
            state.save(2, is_writer=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
    assert state.load() == 1


def test_a_finished_run_is_reused_and_says_so(tiny_corpus, tiny_settings, tiny_checkpoint):
    said = []
    made = train_contrastive(tiny_corpus, tiny_checkpoint, recipe(tiny_settings), say=said.append)
    assert made.reused
    assert any("reused" in line for line in said)


def test_another_recipe_is_not_reused(tiny_corpus, tiny_settings, tmp_path):
    train_contrastive(tiny_corpus, tmp_path / "m", recipe(tiny_settings))
    made = train_contrastive(tiny_corpus, tmp_path / "m", recipe(tiny_settings, learning_rate=1e-4))
    assert not made.reused


def test_other_weights_in_the_place_of_the_base_are_another_run(
    tiny_corpus, tiny_settings, tiny_base, tmp_path
):
    base = tmp_path / "base"
    for scale in (1.0, 0.5):
        model = AutoModel.from_pretrained(tiny_base)
        model.embeddings.word_embeddings.weight.data.mul_(scale)
        model.save_pretrained(base)
        AutoTokenizer.from_pretrained(tiny_base).save_pretrained(base)
        chosen = recipe(tiny_settings, base=str(base))
        assert not train_contrastive(tiny_corpus, tmp_path / "m", chosen).reused


def test_an_incomplete_last_group_still_trains(tiny_corpus, tiny_settings, tmp_path):
    # Four batches, groups of eight: one update, not none.
    train_contrastive(tiny_corpus, tmp_path / "m", recipe(tiny_settings, accumulation_steps=8))
    updates = load_file(tmp_path / "m" / "adapter" / "adapter.safetensors")
    assert any(value.abs().max() > 0 for name, value in updates.items() if "lora_B" in name)


def test_accumulating_two_halves_equals_one_batch_of_both(tiny_corpus, tiny_settings, tmp_path):
    # Without phrases of their own the halves compare texts with the same 28 names.
    rows = [row(f"text number {i}", {"joy": 1.0}) for i in range(16)]
    vocabulary = DescriptorVocabulary(rows)
    whole = make_batch(rows, vocabulary, SETTINGS, step=0)
    halves = [make_batch(rows[i::2], vocabulary, SETTINGS, step=0) for i in range(2)]
    text = {r.id: F.normalize(torch.randn(8), dim=-1) for r in rows}
    phrase = F.normalize(torch.randn(28, 8), dim=-1)

    def loss(batch):
        vectors = torch.stack([text[r.id] for r in batch.rows])
        one = torch.tensor(5.0)
        tensors = torch.from_numpy(batch.targets), torch.from_numpy(batch.weights)
        return multi_positive_sigmoid_loss(vectors, phrase, one, -one, *tensors)

    assert (sum(loss(half) for half in halves) / 2).item() == pytest.approx(loss(whole).item())


def killed_within_a_group(corpus, out, chosen):
    def kill(step, steps, loss):
        if step == 7:
            raise Killed

    with pytest.raises(Killed):
        train_contrastive(corpus, out, chosen, progress=kill)
    return train_contrastive(corpus, out, chosen)


def test_a_run_killed_within_a_group_resumes_to_the_same_weights(
    tiny_corpus, tiny_settings, tmp_path
):
    chosen = recipe(tiny_settings, epochs=3, save_every=3, accumulation_steps=4)
    train_contrastive(tiny_corpus, tmp_path / "whole", chosen)
    assert killed_within_a_group(tiny_corpus, tmp_path / "cut", chosen).resumed_at == 4
    assert_same_weights(tmp_path / "whole", tmp_path / "cut")


def test_a_loader_that_another_training_left_behind_ends_no_group(
    tiny_corpus, tiny_settings, tmp_path
):
    from accelerate import Accelerator
    from torch.utils.data import DataLoader

    left = iter(Accelerator(cpu=True).prepare(DataLoader([1, 2])))
    assert [int(next(left)) for _ in range(2)] == [1, 2]
    chosen = recipe(tiny_settings, epochs=3, save_every=3, accumulation_steps=4)
    assert killed_within_a_group(tiny_corpus, tmp_path, chosen).resumed_at == 4


@pytest.mark.parametrize("seed", [-1, 12345678])
def test_any_whole_number_is_a_seed(tiny_corpus, tiny_settings, tmp_path, seed):
    made = train_contrastive(tiny_corpus, tmp_path / "m", recipe(tiny_settings, seed=seed))
    assert made.losses


def test_a_folder_of_something_else_is_never_replaced(tiny_corpus, tiny_settings, tmp_path):
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(InputError, match=r"has no training\.json"):
        train_contrastive(tiny_corpus, tmp_path, recipe(tiny_settings))
    assert (tmp_path / "diary.txt").read_text() == "mine"


def test_other_users_may_read_every_file(tiny_checkpoint):
    files = [f for f in tiny_checkpoint.rglob("*") if f.is_file()]
    assert all(f.stat().st_mode & 0o044 == 0o044 for f in files)


def random_encoder(kind, folder):
    """Write a small random encoder of an architecture, with the packaged tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(base_folder(PACKAGED_BASE))
    config = CONFIG_MAPPING[kind](
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=48, max_position_embeddings=140, pad_token_id=0,
    )  # fmt: skip
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("size", ["base", "large"])
def test_recipes_for_larger_encoders_run_on_a_small_one_of_their_kind(size, tiny_corpus, tmp_path):
    base = random_encoder("bert", tmp_path / "encoder")
    chosen = read_recipe(
        ContrastiveRecipe,
        size,
        [f"base='{base}'", "max_rows=60", "epochs=1", "use_comments=false", "mixed_precision=no"],
    )
    made = train_contrastive(tiny_corpus, tmp_path / "m", chosen)
    scores = EmotionModel.load(made.path).score(["We won!"], ["proud", "bored"])
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("kind", ["roberta", "mpnet", "modernbert", "deberta-v2"])
def test_encoders_of_other_architectures_are_trained(kind, tiny_corpus, tiny_settings, tmp_path):
    base = random_encoder(kind, tmp_path / "encoder")
    chosen = recipe(tiny_settings, base=base, dropout=0.0, epochs=1, max_rows=60)
    made = train_contrastive(tiny_corpus, tmp_path / "m", chosen)
    assert all(math.isfinite(loss) for loss in made.losses)
    EmotionModel.load(made.path).score(["We won!"], ["proud"], ["After the match."])


def test_a_base_whose_weights_lie_in_several_files_is_trained(
    tiny_corpus, tiny_settings, tiny_base, tmp_path
):
    base = tmp_path / "base"
    AutoModel.from_pretrained(tiny_base).save_pretrained(base, max_shard_size="30KB")
    AutoTokenizer.from_pretrained(tiny_base).save_pretrained(base)
    assert not (base / "model.safetensors").exists()
    made = train_contrastive(tiny_corpus, tmp_path / "m", recipe(tiny_settings, base=str(base)))
    assert read_head(made.path / "adapter").adapter.base_sha256 == ""
    scores = EmotionModel.load(made.path / "adapter").score(["We won!"], ["proud"])
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    "change",
    [
        {"logit_scale": 0.0},
        {"epochs": 0},
        {"supervision": "none"},
        {"max_tokens": 4000},
        {"max_grad_norm": 0.0},
    ],
)
def test_settings_that_cannot_work_are_refused(tiny_corpus, tiny_settings, tmp_path, change):
    with pytest.raises(SettingsError):
        train_contrastive(tiny_corpus, tmp_path / "m", recipe(tiny_settings, **change))


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"adapter_rank": -1}, "adapter_rank must be at least 0; got -1"),
        ({"adapter_alpha": 0}, "adapter_alpha must be at least 1"),
        ({"dropout": 1.5}, "dropout must be at least 0 and below 1; got 1.5"),
        ({"average_decay": 1.0}, "average_decay must be at least 0 and below 1"),
        ({"weight_decay": -1.0}, "weight_decay must be at least 0"),
        ({"held_out_words": -1}, "held_out_words must be at least 0"),
        ({"noisy_trust": 2.0}, r"noisy_trust must be in 0\.\.1; got 2"),
        ({"threshold_shrink": -5.0}, "threshold_shrink must be at least 0"),
        ({"threshold_shrink": math.nan}, "threshold_shrink must be at least 0; got nan"),
        ({"row_share": 1.5}, "row_share must be greater than 0 and at most 1"),
    ],
)
def test_a_number_out_of_its_range_is_refused_before_any_work(change, wanted):
    with pytest.raises(SettingsError, match=wanted):
        ContrastiveRecipe(**change)


def test_recipe_that_is_no_toml_is_a_clear_error(tmp_path):
    (tmp_path / "r.toml").write_text("epochs = = 3")
    with pytest.raises(SettingsError, match="is no TOML"):
        read_recipe(ContrastiveRecipe, tmp_path / "r.toml")


@pytest.mark.slow
@pytest.mark.parametrize("config", ["", SHARED_OUT], ids=["copies", "shared out"])
def test_two_processes_give_the_loss_and_weights_of_one(
    config, tiny_corpus, tiny_settings, tmp_path
):
    # A batch size of 15 leaves an odd row out: the parts are unequal, and must weigh so.
    settings = {
        **tiny_settings, "use_comments": False, "dropout": 0.0, "batch_size": 15,
    }  # fmt: skip
    alone = train_contrastive(tiny_corpus, tmp_path / "one" / "m", ContrastiveRecipe(**settings))
    out = tmp_path / "two" / "m"
    told = on_two_processes(CONTRASTIVE, out, settings, tiny_corpus, config=config)
    assert told["processes"] == 2
    assert told["kind"] == ("FSDP" if config else "MULTI_CPU")
    assert told["losses"] == pytest.approx(list(alone.losses), rel=1e-3)
    one, two = weights_of(alone.path), weights_of(out)
    assert all(torch.allclose(one[n], two[n], atol=1e-3) for n in one)


def comments_folder(tmp_path, corpus, *, test_text="held out"):
    import pandas as pd

    from emo_hub.dataset import read_corpus

    ids = [r["source_id"] for r in read_corpus(corpus).rows("descriptors", "train")][:3]
    ids = list(dict.fromkeys(ids))
    texts = ["first of ours", test_text, "third of ours"][: len(ids)]
    frame = pd.DataFrame({"id": ids, "text": texts, "label_ids": ["not a number"] * len(ids)})
    frame.to_parquet(tmp_path / "train.parquet")
    pd.DataFrame({"id": ["t"], "text": ["held out"]}).to_parquet(tmp_path / "test.parquet")
    return tmp_path


def test_annotations_are_joined_with_their_texts(corpus, tmp_path):
    joined = annotated_rows(corpus, "train", str(comments_folder(tmp_path, corpus)))
    assert {r.text for r in joined.rows} == {"first of ours", "third of ours"}
    assert all(r.descriptors for r in joined.rows)


def test_a_text_that_stands_in_a_test_split_is_dropped_and_counted(corpus, tmp_path):
    joined = annotated_rows(corpus, "train", str(comments_folder(tmp_path, corpus)))
    assert "held out" not in {r.text for r in joined.rows}
    assert "1 dropped" in joined.note


def test_without_texts_the_annotations_are_left_out_and_it_says_so(corpus):
    joined = annotated_rows(corpus, "train", "")
    assert joined.rows == ()
    assert "left out" in joined.note


def test_a_folder_without_texts_is_a_clear_error(corpus, tmp_path):
    with pytest.raises(DataError, match=r"has no train\.parquet"):
        annotated_rows(corpus, "train", str(tmp_path))


def test_contextual_rows_carry_their_context(corpus):
    rows = corpus_rows(corpus, "train")
    assert any(r.context for r in rows)
    assert any(r.context is None for r in rows)


def test_unknown_recipe_key_names_the_nearest_one():
    with pytest.raises(SettingsError, match="did you mean 'learning_rate'"):
        read_recipe(ContrastiveRecipe, "quick", ["lerning_rate=1"])


def test_recipe_value_of_another_type_is_refused():
    with pytest.raises(SettingsError, match="wanted a int"):
        read_recipe(ContrastiveRecipe, "quick", ["epochs=true"])


def test_unknown_recipe_lists_those_that_ship():
    with pytest.raises(SettingsError, match=r"default.*quick"):
        read_recipe(ContrastiveRecipe, "nosuch")


SHIPPED = ["quick", "default", "synthetic", "descriptors", "curve", "base", "large"]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_recipe_reads(name):
    assert read_recipe(ContrastiveRecipe, name).epochs >= 1


@pytest.fixture
def without_judges(tiny_corpus, tmp_path):
    """A corpus whose validation split has no row."""
    folder = shutil.copytree(tiny_corpus, tmp_path / "emo-pillars")
    files = [path for path in folder.rglob("*.parquet") if "validation" in str(path)]
    assert files
    for file in files:
        pq.write_table(pq.read_table(file).slice(0, 0), file)
    return folder


def test_a_corpus_without_validation_rows_is_refused_before_training(
    without_judges, tiny_settings, tmp_path
):
    steps = []
    with pytest.raises(DataError, match=r"has 0 validation rows.*Build a larger corpus"):
        train_contrastive(
            without_judges, tmp_path / "m", recipe(tiny_settings, use_comments=False),
            progress=lambda *told: steps.append(told),
        )  # fmt: skip
    assert not steps


def test_a_table_is_not_distilled_where_no_row_could_judge_it(
    without_judges, tiny_checkpoint, tmp_path
):
    told = []
    with pytest.raises(DataError, match="has 0 validation rows"):
        train_nano(
            without_judges, tmp_path / "m", NanoRecipe(teacher=str(tiny_checkpoint)),
            say=told.append,
        )  # fmt: skip
    assert not any("The teacher reads" in line for line in told)


@pytest.mark.parametrize(
    ("validation", "labels"),
    [
        ([], True),
        ([row("we won", {"joy": 0.9}, "joy", "not sad")], True),
        ([row("we won", {"joy": 0.9}, words=("proud",))], False),
    ],
)
def test_rows_without_a_word_to_fit_on_judge_no_score(tmp_path, validation, labels):
    with pytest.raises(DataError, match=f"has {len(validation)} validation rows"):
        check_judges(tmp_path, validation, labels=labels)


@pytest.mark.parametrize(
    ("validation", "labels"),
    [
        ([row("we won", {"joy": 0.9}, words=("proud",))], True),
        ([row("we won", {"joy": 0.9}, "joy", "triumph")], False),
    ],
)
def test_rows_with_a_word_of_their_own_judge_scores(tmp_path, validation, labels):
    check_judges(tmp_path, validation, labels=labels)


def test_a_recipe_that_leaves_everything_out_is_a_clear_error(tiny_corpus, tmp_path):
    nothing = ContrastiveRecipe(use_utterances=False)
    with pytest.raises(DataError, match="nothing to train on"):
        train_contrastive(tiny_corpus, tmp_path / "m", nothing)
