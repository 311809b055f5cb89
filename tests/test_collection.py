"""A corpus, a model and a Space on one page of the Hub."""

from __future__ import annotations

import pytest

from emo_hub.errors import InputError, PublishError
from emo_hub.publishing import publish_collection

REPOS = ("datasets/emo/emo-pillars", "emo/model", "spaces/emo/space")


@pytest.fixture
def published(hub, owner):
    owner.create_repo("emo/emo-pillars", repo_type="dataset")
    owner.create_repo("emo/model")
    owner.create_repo("emo/space", repo_type="space", space_sdk="gradio")


def items(hub):
    (collection,) = hub.state.collections.values()
    return [(item["type"], item["id"]) for item in collection["items"]]


ALL = [("dataset", "emo/emo-pillars"), ("model", "emo/model"), ("space", "emo/space")]


def test_repositories_of_all_kinds_are_grouped(hub, owner, published):
    address = publish_collection("Emotions", REPOS, api=owner)
    assert items(hub) == ALL
    assert address.startswith(f"{hub.url}/collections/emo/emotions-")


def test_grouping_again_adds_only_what_is_new(hub, owner, published):
    publish_collection("Emotions", REPOS[:1], api=owner)
    publish_collection("Emotions", REPOS, api=owner)
    assert items(hub) == ALL


def test_a_repository_that_is_not_there_stops_it_before_anything_is_made(hub, owner, published):
    with pytest.raises(PublishError, match="no model emo/other"):
        publish_collection("Emotions", (*REPOS, "emo/other"), api=owner)
    assert not hub.state.collections


def test_a_dry_run_makes_nothing(hub, owner, published):
    said: list[str] = []
    publish_collection("Emotions", REPOS, dry_run=True, api=owner, say=said.append)
    assert said[1:] == [f"+ {kind} {name}" for kind, name in ALL]
    assert not hub.state.collections


def test_a_token_that_may_not_write_is_refused(hub, reader, published):
    with pytest.raises(PublishError, match="may not write"):
        publish_collection("Emotions", REPOS, api=reader)
    assert not hub.state.collections


def test_what_passes_is_outwaited(hub, owner, published, patient):
    hub.faults.answer(503, on="POST .*/items", times=2)
    publish_collection("Emotions", REPOS, api=owner)
    assert items(hub) == ALL


@pytest.mark.parametrize("repos", [(), ("datasets/a/b/c",), ("no spaces here",)])
def test_what_is_no_repository_is_refused_unasked(hub, owner, repos):
    with pytest.raises(InputError):
        publish_collection("Emotions", repos, api=owner)
    assert not hub.faults.seen


def test_names_alone_are_of_the_namespace(hub, owner, published, monkeypatch):
    monkeypatch.setenv("EMO_HUB_NAMESPACE", "emo")
    publish_collection("Emotions", ("datasets/emo-pillars", "model", "spaces/space"), api=owner)
    assert items(hub) == ALL
