"""What goes wrong on the way to the Hub, and what the real client makes of it.

These are facts about the client that publishing builds upon: what it repeats by itself, and what
it leaves to the caller.
"""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import CommitOperationAdd
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import httpx

DATASET = "emo/data"
LARGE = bytes(range(256)) * 4000
COMMIT, TAG, UPLOAD = "POST .*/commit/", "POST .*/tag/", "PUT /_lfs/"


@pytest.fixture
def repository(hub, owner):
    owner.create_repo(DATASET, repo_type="dataset")
    return hub.repository("dataset", DATASET)


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """How long the client would have slept between its attempts."""
    from huggingface_hub.utils import _http

    slept: list[float] = []
    # Its own clock, for the server waits with the same module.
    clock = SimpleNamespace(sleep=slept.append, time=time.time)
    monkeypatch.setattr(_http, "time", clock)
    return slept


def commit(api, content=LARGE, **how):
    operations = [CommitOperationAdd("train.parquet", content)]
    return api.create_commit(DATASET, operations, commit_message="data", repo_type="dataset", **how)


def is_untouched(repository):
    return len(repository.history()) == 1 and not repository.tags


def test_errors_of_the_server_while_uploading_are_outwaited(hub, owner, repository):
    hub.faults.answer(500, on=UPLOAD, times=2)
    commit(owner)
    assert hub.faults.count(UPLOAD) == 3
    assert hub.contents("dataset", DATASET)["train.parquet"] == LARGE


def test_an_error_of_the_server_at_the_commit_is_left_to_the_caller(hub, owner, repository):
    hub.faults.answer(500, on=COMMIT)
    with pytest.raises(HfHubHTTPError, match="500"):
        commit(owner)
    assert is_untouched(repository)


def test_an_error_of_the_server_at_the_tag_leaves_a_commit_without_one(hub, owner, repository):
    hub.faults.answer(503, on=TAG)
    oid = commit(owner).oid
    with pytest.raises(HfHubHTTPError, match="503"):
        owner.create_tag(DATASET, tag="v1", repo_type="dataset")
    assert repository.oid() == oid
    assert not repository.tags


def test_too_many_requests_wait_as_long_as_the_server_says(hub, owner, repository, waits):
    hub.faults.answer(429, on="POST .*/preupload/", retry_after=7)
    commit(owner)
    assert waits == [8.0]


def test_too_many_requests_at_the_commit_are_left_to_the_caller(hub, owner, repository):
    hub.faults.answer(429, on=COMMIT, retry_after=1)
    with pytest.raises(HfHubHTTPError) as caught:
        commit(owner)
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["retry-after"] == "1"
    assert is_untouched(repository)


def test_an_upload_cut_in_the_middle_is_sent_again(hub, owner, repository):
    hub.faults.cut_upload(UPLOAD, after_bytes=70_000)
    commit(owner)
    assert [hub.faults.count(UPLOAD, status) for status in (0, 200)] == [1, 1]
    assert hub.contents("dataset", DATASET)["train.parquet"] == LARGE


def test_an_upload_that_is_always_cut_changes_nothing(hub, owner, repository):
    hub.faults.cut_upload(UPLOAD, times=100)
    with pytest.raises((RuntimeError, httpx.HTTPError)):
        commit(owner)
    assert is_untouched(repository)


def test_a_commit_cut_in_the_middle_changes_nothing(hub, owner, repository):
    hub.faults.cut_upload(COMMIT, after_bytes=10)
    with pytest.raises(httpx.HTTPError):
        commit(owner)
    assert is_untouched(repository)


def test_a_lost_answer_hides_a_commit_that_was_made(hub, owner, repository):
    hub.faults.lose_answer(COMMIT)
    with pytest.raises(httpx.HTTPError):
        commit(owner)
    assert repository.at().title == "data"


def test_a_lost_answer_hides_a_tag_that_was_set(hub, owner, repository):
    hub.faults.lose_answer(TAG)
    with pytest.raises(httpx.HTTPError):
        owner.create_tag(DATASET, tag="v1", repo_type="dataset")
    assert repository.oid("v1") == repository.oid()


def test_a_commit_of_somebody_else_in_between_is_noticed(hub, owner, repository):
    parent = repository.oid()
    hub.faults.first(COMMIT, lambda: hub.commit("dataset", DATASET, {"theirs.txt": b"x"}))
    with pytest.raises(HfHubHTTPError) as caught:
        commit(owner, parent_commit=parent)
    assert caught.value.response.status_code == 412
    assert set(hub.contents("dataset", DATASET)) == {".gitattributes", "theirs.txt"}


def test_without_a_parent_a_commit_of_somebody_else_goes_unnoticed(hub, owner, repository):
    hub.faults.first(COMMIT, lambda: hub.commit("dataset", DATASET, {"theirs.txt": b"x"}))
    commit(owner)
    assert {"theirs.txt", "train.parquet"} < set(hub.contents("dataset", DATASET))


def test_a_token_that_expires_between_commit_and_tag_stops_the_tag(hub, owner, repository):
    commit(owner)
    hub.accounts.expire(hub.write)
    with pytest.raises(HfHubHTTPError) as caught:
        owner.create_tag(DATASET, tag="v1", repo_type="dataset")
    assert caught.value.response.status_code == 401
    assert not repository.tags


def test_a_read_only_token_is_refused_before_anything_is_uploaded(hub, reader, repository):
    with pytest.raises(HfHubHTTPError, match="only read access"):
        commit(reader)
    assert hub.faults.count(UPLOAD) == 0
    assert is_untouched(repository)


def test_a_download_cut_in_the_middle_is_asked_for_again(hub, owner, repository, tmp_path):
    commit(owner)
    hub.faults.cut_download("GET /_content/", after_bytes=300_000)
    where = {"repo_type": "dataset", "cache_dir": tmp_path / "cache"}
    path = owner.hf_hub_download(DATASET, "train.parquet", **where)
    assert Path(path).read_bytes() == LARGE
    assert [hub.faults.count("GET /_content/", status) for status in (0, 200)] == [1, 1]


def test_faults_are_used_up_and_all_requests_are_noted(hub, owner, repository):
    hub.faults.answer(404, on="GET .*/refs")
    with pytest.raises(HfHubHTTPError):
        owner.list_repo_refs(DATASET, repo_type="dataset")
    owner.list_repo_refs(DATASET, repo_type="dataset")
    assert not hub.faults.waiting
    assert [hub.faults.count("/refs", status) for status in (404, 200)] == [1, 1]
