"""A corpus becomes a version on a Hub that keeps no promises: committed and tagged, or nothing."""

from __future__ import annotations

import hashlib
import json
import sys

import pytest
from huggingface_hub import constants

from emo_hub.dataset import CONFIGS
from emo_hub.errors import CardError, DataError, InputError, PublishError
from emo_hub.publishing import publish_dataset
from tests.commands import emo_hub

REPO = "emo/emo-pillars"
MADE = ("croissant.json", "eval.yaml")
COMMIT, TAG, UPLOAD = "POST .*/commit/", "POST .*/tag/", "PUT /_lfs/"
CARD = """---
license: cc-by-4.0
language: [en]
tags: [emotion]
size_categories: [n<1K]
dataset_info: [{config_name: contextless}]
configs:
%s
---
# emo-pillars %s

## Changelog

### %s

A version of the tests.
"""


def write_corpus(folder, version="1.0.0", words=("one",)):
    """A corpus of one small file for each config."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = {}
    for config in CONFIGS:
        path = folder / config / "train-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"utterance": [config, *words]}), path)
        name = path.relative_to(folder).as_posix()
        files[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "rejected.jsonl").write_text("")
    files["rejected.jsonl"] = hashlib.sha256(b"").hexdigest()
    counts = {config: {"train": 1 + len(words)} for config in CONFIGS}
    manifest = {"name": "emo-pillars", "version": version, "counts": counts, "fingerprint": "f"}
    text = json.dumps({**manifest, "content": "c", "files": files})
    (folder / "corpus.json").write_text(text)
    listed = [f"- {{config_name: {c}, data_files: {c}/train-*}}" for c in CONFIGS]
    (folder / "README.md").write_text(CARD % ("\n".join(listed), version, version))
    return folder


@pytest.fixture
def corpus(tmp_path):
    return write_corpus(tmp_path / "emo-pillars")


def held(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def is_published(hub, folder, tag="v1.0.0"):
    repository = hub.repository("dataset", REPO)
    there = hub.contents("dataset", REPO, tag)
    for name in (".gitattributes", *MADE):
        there.pop(name)
    return there == held(folder) and repository.oid(tag) == repository.oid("main")


def test_a_corpus_becomes_a_commit_with_an_annotated_tag(hub, owner, corpus):
    publish_dataset(REPO, corpus, api=owner)
    assert is_published(hub, corpus)
    assert hub.repository("dataset", REPO).tags["v1.0.0"].message == "emo-pillars 1.0.0"
    assert len(hub.repository("dataset", REPO).history()) == 2


def test_publishing_the_same_again_sends_nothing(hub, owner, corpus):
    publish_dataset(REPO, corpus, api=owner)
    before = len(hub.faults.seen)
    assert publish_dataset(REPO, corpus, api=owner).tagged
    later = [seen.request for seen in hub.faults.seen[before:]]
    assert all(request.startswith("GET ") for request in later)


def test_a_new_version_sends_what_changed_and_drops_what_went(hub, owner, corpus):
    (corpus / "old.txt").write_text("old")
    publish_dataset(REPO, corpus, api=owner)
    uploads = hub.faults.count(UPLOAD)
    (corpus / "old.txt").unlink()
    write_corpus(corpus, "1.1.0")
    plan = publish_dataset(REPO, corpus, api=owner)
    assert (plan.added, plan.changed, plan.deleted) == (
        (),
        ("README.md", "corpus.json", "croissant.json"),
        ("old.txt",),
    )
    assert hub.faults.count(UPLOAD) == uploads
    assert is_published(hub, corpus, "v1.1.0")
    assert "old.txt" in hub.contents("dataset", REPO, "v1.0.0")


@pytest.mark.parametrize("change", ["other rows", "a file less", "a file more"])
def test_a_tag_is_never_moved(hub, owner, corpus, change):
    (corpus / "notes.txt").write_text("notes")
    publish_dataset(REPO, corpus, api=owner)
    before = hub.repository("dataset", REPO).oid("v1.0.0")
    if change == "other rows":
        write_corpus(corpus, words=("another",))
    elif change == "a file less":
        (corpus / "notes.txt").unlink()
    else:
        (corpus / "more.txt").write_text("more")
    with pytest.raises(PublishError, match="never moved"):
        publish_dataset(REPO, corpus, api=owner)
    assert hub.repository("dataset", REPO).oid() == before


def test_a_dry_run_says_all_and_changes_nothing(hub, owner, corpus):
    said: list[str] = []
    publish_dataset(REPO, corpus, how="dry-run", api=owner, say=said.append)
    assert said[0] == f"make dataset {REPO}"
    assert [line.split(" ")[1] for line in said if line.startswith("+")] == sorted(
        (*held(corpus), *MADE)
    )
    assert said[-1] == "tag v1.0.0"
    assert all(seen.request.startswith("GET ") for seen in hub.faults.seen)


def test_a_pull_request_gets_its_tag_after_it_was_merged(hub, owner, corpus):
    publish_dataset(REPO, corpus, how="propose", api=owner)
    assert hub.was_left_alone("dataset", REPO)
    owner.merge_pull_request(REPO, 1, repo_type="dataset")
    publish_dataset(REPO, corpus, api=owner)
    assert is_published(hub, corpus)


# Refused before anything is uploaded


@pytest.mark.parametrize("name", ["emo-pillars", "a/b/c", "emo/x--y", "emo/-x", "emo/" + "x" * 97])
def test_an_invalid_name_is_refused_unasked(hub, owner, corpus, name):
    with pytest.raises(InputError, match="no repository"):
        publish_dataset(name, corpus, api=owner)
    assert not hub.faults.seen


def test_the_namespace_of_a_name_alone_comes_from_the_environment(hub, owner, corpus, monkeypatch):
    monkeypatch.setenv("EMO_HUB_NAMESPACE", "emo")
    plan = publish_dataset("emo-pillars", corpus, api=owner)
    assert plan.target.repo_id == REPO
    assert is_published(hub, corpus)


def test_a_token_in_the_folder_is_never_published(hub, owner, corpus):
    (corpus / "notes.txt").write_text("hf_" + "a" * 34)
    with pytest.raises(DataError, match="a token of the Hub"):
        publish_dataset(REPO, corpus, api=owner)
    assert not hub.faults.seen


@pytest.mark.parametrize("tag", ["1.0.0", "v1", "v1.0.0-x", "v01.0.0", "v2.0.0"])
def test_a_tag_that_is_not_the_corpuss_version_is_refused_unasked(hub, owner, corpus, tag):
    with pytest.raises(InputError, match=r"version|published as"):
        publish_dataset(REPO, corpus, tag=tag, api=owner)
    assert not hub.faults.seen


@pytest.mark.parametrize("harm", ["missing", "changed", "left over", "no manifest"])
def test_a_folder_that_is_not_whole_is_refused_unasked(hub, owner, corpus, harm):
    file = corpus / "contextual" / "train-00000-of-00001.parquet"
    if harm == "missing":
        file.unlink()
    elif harm == "changed":
        file.write_bytes(file.read_bytes()[:-1])
    elif harm == "left over":
        (corpus / "contextual" / "train-00001-of-00002.parquet").write_bytes(b"")
    else:
        (corpus / "corpus.json").unlink()
    with pytest.raises(DataError, match=r"not whole|holds no corpus"):
        publish_dataset(REPO, corpus, api=owner)
    assert not hub.faults.seen


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("license: cc-by-4.0\n", ""),
        ("dataset_info: [{config_name: contextless}]\n", ""),
        ("config_name: narratives", "config_name: other"),
        ("size_categories: [n<1K]\n", ""),
        ("### 1.0.0", "### 0.9.0"),
        ("tags: [emotion]", "tags: [emotion"),
        ("---\nlicense", "license"),
    ],
)
def test_a_card_with_missing_facts_is_refused_unasked(hub, owner, corpus, there, instead):
    card = (corpus / "README.md").read_text()
    assert there in card
    (corpus / "README.md").write_text(card.replace(there, instead, 1))
    with pytest.raises(CardError):
        publish_dataset(REPO, corpus, api=owner)
    assert not hub.faults.seen


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("reader", "may only read"),
        ("stranger", "does not write to 'emo'"),
        ("anyone", "hf auth login"),
    ],
)
def test_a_token_that_may_not_write_is_refused_before_anything_is_made(
    request, hub, corpus, who, sentence
):
    with pytest.raises(PublishError, match=sentence):
        publish_dataset(REPO, corpus, api=request.getfixturevalue(who))
    assert hub.was_left_alone("dataset", REPO)


def test_a_stranger_is_refused_at_somebody_elses_repository(hub, owner, stranger, corpus):
    owner.create_repo(REPO, repo_type="dataset")
    with pytest.raises(PublishError, match="may not write"):
        publish_dataset(REPO, corpus, api=stranger)
    assert hub.was_left_alone("dataset", REPO)
    assert not hub.faults.count(UPLOAD)


def test_an_expired_token_is_said_to_be_one(hub, owner, corpus):
    hub.accounts.expire(hub.write)
    with pytest.raises(PublishError, match="log in again"):
        publish_dataset(REPO, corpus, api=owner)
    assert hub.was_left_alone("dataset", REPO)


# What goes wrong on the way


@pytest.mark.parametrize("on", [COMMIT, TAG, "POST .*/repos/create", "GET .*/refs"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_outwaited(hub, owner, corpus, patient, on, status):
    hub.faults.answer(status, on=on, times=2, retry_after=3)
    publish_dataset(REPO, corpus, api=owner)
    assert is_published(hub, corpus)


def test_the_server_says_how_long_to_wait(hub, owner, corpus, patient):
    hub.faults.answer(429, on=COMMIT, times=2, retry_after=30)
    publish_dataset(REPO, corpus, api=owner)
    assert patient == [30.0, 30.0]


@pytest.mark.parametrize("on", [COMMIT, TAG])
def test_a_lost_answer_is_found_out_and_nothing_is_done_twice(hub, owner, corpus, patient, on):
    (corpus / "old.txt").write_text("old")
    publish_dataset(REPO, corpus, api=owner)
    (corpus / "old.txt").unlink()
    write_corpus(corpus, "1.1.0")
    hub.faults.lose_answer(on)
    publish_dataset(REPO, corpus, api=owner)
    assert is_published(hub, corpus, "v1.1.0")
    assert len(hub.repository("dataset", REPO).history()) == 3


def test_a_lost_answer_to_taking_back_is_found_out(hub, owner, corpus, patient):
    hub.faults.answer(500, on=TAG, times=5)
    hub.faults.first(COMMIT, lambda: hub.faults.lose_answer(COMMIT))
    with pytest.raises(PublishError, match="main holds what it held before"):
        publish_dataset(REPO, corpus, api=owner)
    assert hub.was_left_alone("dataset", REPO)
    assert len(hub.repository("dataset", REPO).history()) == 3


def test_a_commit_cut_in_the_middle_is_sent_again(hub, owner, corpus, patient):
    hub.faults.cut_upload(COMMIT, times=2, after_bytes=100)
    publish_dataset(REPO, corpus, api=owner)
    assert is_published(hub, corpus)


@pytest.mark.parametrize("happening", ["cut_upload", "lose_answer"])
def test_a_large_file_cut_on_its_way_is_sent_again(hub, owner, corpus, patient, happening):
    getattr(hub.faults, happening)(UPLOAD, times=1)
    publish_dataset(REPO, corpus, api=owner)
    assert is_published(hub, corpus)


def test_large_files_that_never_get_through_leave_no_version(
    hub, owner, corpus, patient, monkeypatch
):
    from types import SimpleNamespace

    from huggingface_hub.utils import _http

    clock = SimpleNamespace(sleep=lambda seconds: None, time=lambda: 0.0)
    monkeypatch.setattr(_http, "time", clock)
    hub.faults.cut_upload(UPLOAD, times=10_000)
    with pytest.raises(PublishError, match=r"failed \d times, last with"):
        publish_dataset(REPO, corpus, api=owner)
    assert hub.was_left_alone("dataset", REPO)


@pytest.mark.parametrize("on", [UPLOAD, COMMIT])
def test_a_token_that_expires_on_the_way_leaves_no_version(hub, owner, corpus, patient, on):
    hub.faults.first(on, lambda: hub.accounts.expire(hub.write))
    with pytest.raises(PublishError, match="log in again"):
        publish_dataset(REPO, corpus, api=owner)
    assert hub.was_left_alone("dataset", REPO)


def test_a_commit_that_never_gets_through_leaves_no_version(hub, owner, corpus, patient):
    hub.faults.answer(500, on=COMMIT, times=100)
    with pytest.raises(PublishError, match="500"):
        publish_dataset(REPO, corpus, api=owner)
    assert hub.was_left_alone("dataset", REPO)


@pytest.mark.parametrize("later", [False, True], ids=["first version", "later version"])
def test_a_commit_that_cannot_be_tagged_is_taken_back(hub, owner, corpus, patient, later):
    if later:
        publish_dataset(REPO, corpus, api=owner)
        write_corpus(corpus, "1.1.0", words=("more",))
        (corpus / "new.txt").write_text("new")
    before = hub.contents("dataset", REPO) if later else {}
    hub.faults.answer(503, on=TAG, times=100)
    with pytest.raises(PublishError, match="main holds what it held before"):
        publish_dataset(REPO, corpus, api=owner)
    now = hub.contents("dataset", REPO)
    assert now == before if later else hub.was_left_alone("dataset", REPO)
    assert set(hub.repository("dataset", REPO).tags) == ({"v1.0.0"} if later else set())


def test_what_could_not_even_be_taken_back_is_finished_by_publishing_again(
    hub, owner, corpus, patient
):
    hub.faults.first(TAG, lambda: hub.accounts.expire(hub.write))
    with pytest.raises(PublishError, match="Publish the same folder again"):
        publish_dataset(REPO, corpus, api=owner)
    hub.accounts.issue(hub.write, "emo")
    plan = publish_dataset(REPO, corpus, api=owner)
    assert not plan.commits
    assert is_published(hub, corpus)


def test_a_commit_of_somebody_else_in_between_stops_it(hub, owner, corpus, patient):
    owner.create_repo(REPO, repo_type="dataset")
    hub.faults.first(COMMIT, lambda: hub.commit("dataset", REPO, {"theirs.txt": b"x"}))
    with pytest.raises(PublishError, match="Somebody else committed"):
        publish_dataset(REPO, corpus, api=owner)
    assert set(hub.contents("dataset", REPO)) == {".gitattributes", "theirs.txt"}
    assert not hub.repository("dataset", REPO).tags


def test_the_command_publishes(hub, corpus, command):
    words = [sys.executable, "-m", "emo_hub", "publish", "dataset", REPO, str(corpus)]
    done = command(*words, token=hub.write)
    assert done.returncode == 0, done.stderr
    assert is_published(hub, corpus)
    assert hub.faults.count("/xet-write-token/")


def test_the_command_refuses_in_one_line(hub, corpus, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setenv("HF_TOKEN", hub.read)
    done = emo_hub("publish", "dataset", REPO, corpus)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "may only read" in done.stderr
