"""A BERT in torch's own layers says what it says in transformers', and nothing else is taken for
one."""

from __future__ import annotations

import copy

import pytest
import torch
from transformers import AutoModel, BertConfig, DistilBertConfig

from emo_hub.runtimes.fused import FusedBert, can_fuse
from emo_hub.runtimes.opening import quickest

SMALL = {"vocab_size": 60, "max_position_embeddings": 40}


@pytest.fixture(scope="module")
def bert():
    torch.manual_seed(3)
    config = BertConfig(
        **SMALL, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64
    )
    model = AutoModel.from_config(config).eval()
    with torch.no_grad():
        # Fresh biases are zero and norms one, which would hide that they were mixed up.
        for weight in model.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return model


def batch(*lengths):
    ids = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(1, 60, (length,))
    return {
        "input_ids": ids,
        "attention_mask": (ids > 0).long(),
        "token_type_ids": (torch.arange(max(lengths)) > 3).long().expand_as(ids),
    }


@pytest.mark.parametrize("lengths", [(1,), (17,), (9, 9, 9), (12, 3, 7)])
@torch.inference_mode()
def test_it_gives_what_the_encoder_gives(bert, lengths):
    given = batch(*lengths)
    wanted = bert(**given).last_hidden_state
    found = FusedBert(copy.deepcopy(bert))(**given).last_hidden_state
    there = given["attention_mask"].bool()
    assert torch.allclose(found[there], wanted[there], atol=1e-5)


def test_weights_but_those_that_are_joined_stand_in_memory_once(bert):
    fused = FusedBert(copy.deepcopy(bert))
    own = {weight.data_ptr() for weight in fused.bert.parameters()}
    further = sum(w.numel() for w in fused.layers.parameters() if w.data_ptr() not in own)
    assert further == 3 * (3 * 32 * 32 + 3 * 32)


def test_the_encoder_may_be_trained_as_before(bert):
    encoder = copy.deepcopy(bert).train()
    FusedBert(encoder)
    assert encoder.training
    assert all(weight.requires_grad for weight in encoder.parameters())


def test_an_encoder_that_is_moved_off_the_processor_runs_itself():
    encoder = AutoModel.from_config(BertConfig(**SMALL, num_hidden_layers=1)).eval()
    runs_by = quickest(encoder)
    assert isinstance(runs_by(), FusedBert)
    encoder.to("meta")
    assert runs_by() is encoder


def test_only_a_bert_of_that_kind_is_taken(bert):
    assert can_fuse(bert)
    other = AutoModel.from_config(BertConfig(**SMALL, num_hidden_layers=1, hidden_act="relu"))
    assert not can_fuse(other)
    config = DistilBertConfig(**SMALL, dim=32, n_layers=1, n_heads=4, hidden_dim=64)
    assert not can_fuse(AutoModel.from_config(config))
    assert not can_fuse(torch.nn.Linear(2, 2))
