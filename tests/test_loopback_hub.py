"""The Hub on loopback, asked by the real client: what it keeps and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

MODEL, DATASET, SPACE = "emo/model", "emo/data", "emo/space"
LARGE = bytes(range(256)) * 300


def add(path, content):
    return CommitOperationAdd(path, content.encode() if isinstance(content, str) else content)


def download(api, tmp_path, path, **how):
    """The bytes of a file, into a cache of its own."""
    from huggingface_hub import hf_hub_download

    token = api.token
    where = {"cache_dir": tmp_path / "cache", "endpoint": api.endpoint, "token": token, **how}
    return Path(hf_hub_download(filename=path, **where)).read_bytes()


@pytest.fixture
def dataset(owner):
    """A dataset of one small and one large file; gives the id of its commit."""
    owner.create_repo(DATASET, repo_type="dataset")
    return commit(owner, add("notes.txt", "one"), add("data/train.parquet", LARGE)).oid


def commit(api, *operations, message="a commit", **how):
    how = {"repo_type": "dataset", "commit_message": message, **how}
    return api.create_commit(DATASET, operations, **how)


def refused(status, action, kind=HfHubHTTPError):
    with pytest.raises(kind) as caught:
        action()
    assert caught.value.response.status_code == status
    return str(caught.value)


# Repositories


@pytest.mark.parametrize("kind", ["model", "dataset", "space"])
def test_a_repository_of_each_kind_is_made_with_one_commit(hub, owner, kind):
    sdk = {"space_sdk": "gradio"} if kind == "space" else {}
    url = owner.create_repo("emo/thing", repo_type=kind, **sdk)
    assert (url.repo_id, url.repo_type) == ("emo/thing", kind)
    assert [c.title for c in owner.list_repo_commits("emo/thing", repo_type=kind)] == [
        "initial commit"
    ]


def test_a_repository_is_made_once(owner):
    owner.create_repo(MODEL)
    refused(409, lambda: owner.create_repo(MODEL))
    assert owner.create_repo(MODEL, exist_ok=True).repo_id == MODEL


def test_a_space_without_sdk_is_refused(hub, owner):
    from huggingface_hub.utils import get_session

    body = {"name": "space", "organization": "emo", "type": "space"}
    headers = {"authorization": f"Bearer {hub.write}"}
    answer = get_session().post(f"{hub.url}/api/repos/create", json=body, headers=headers)
    assert answer.status_code == 400


def test_a_deleted_repository_is_gone(owner):
    owner.create_repo(MODEL)
    owner.delete_repo(MODEL)
    assert not owner.repo_exists(MODEL)


def test_a_moved_repository_keeps_its_history(owner, dataset):
    owner.move_repo(DATASET, "emo/moved", repo_type="dataset")
    assert owner.dataset_info("emo/moved").sha == dataset


def test_a_listing_holds_the_repositories_of_one_author(owner, stranger):
    owner.create_repo(MODEL)
    stranger.create_repo("stranger/model")
    assert [model.id for model in owner.list_models(author="emo")] == [MODEL]


# Commits


def test_files_small_and_large_come_back_as_they_went(hub, owner, dataset, tmp_path):
    for path, content in {"notes.txt": b"one", "data/train.parquet": LARGE}.items():
        assert download(owner, tmp_path, path, repo_id=DATASET, repo_type="dataset") == content


def test_a_large_file_is_a_pointer_in_git(owner, dataset):
    (file,) = owner.get_paths_info(DATASET, "data/train.parquet", repo_type="dataset")
    assert file.size == len(LARGE)
    assert file.lfs.sha256 != file.blob_id


def test_a_commit_adds_copies_and_deletes_at_once(hub, owner, dataset):
    commit(
        owner,
        add("more.txt", "two"),
        CommitOperationCopy("data/train.parquet", "data/copy.parquet"),
        CommitOperationDelete("notes.txt"),
    )
    held = hub.contents("dataset", DATASET)
    assert set(held) == {".gitattributes", "more.txt", "data/train.parquet", "data/copy.parquet"}
    assert held["data/copy.parquet"] == LARGE


def test_a_folder_is_deleted_whole(hub, owner, dataset):
    owner.delete_folder("data", DATASET, repo_type="dataset")
    assert set(hub.contents("dataset", DATASET)) == {".gitattributes", "notes.txt"}


def test_deleting_what_is_not_there_is_refused(owner, dataset):
    refused(404, lambda: commit(owner, CommitOperationDelete("other.txt")), EntryNotFoundError)


def test_unchanged_files_make_no_commit(hub, owner, dataset):
    again = commit(owner, add("notes.txt", "one"), add("data/train.parquet", LARGE))
    assert again.oid == dataset
    assert hub.faults.count("POST .*/commit/") == 1


def test_a_commit_upon_a_stale_parent_is_refused(hub, owner, dataset):
    commit(owner, add("notes.txt", "two"))
    refused(412, lambda: commit(owner, add("notes.txt", "three"), parent_commit=dataset))
    assert hub.contents("dataset", DATASET)["notes.txt"] == b"two"


def test_an_ignored_file_stays_behind(hub, owner, dataset):
    commit(owner, add(".gitignore", "*.tmp\n"), add("a.tmp", "x"), add("b.txt", "y"))
    held = hub.contents("dataset", DATASET)
    assert "b.txt" in held
    assert "a.tmp" not in held


def test_a_commit_of_an_object_never_uploaded_is_refused(hub, owner, dataset):
    import json

    from huggingface_hub.utils import get_session

    lines = [
        {"key": "header", "value": {"summary": "a pointer at nothing"}},
        {"key": "lfsFile", "value": {"path": "x.parquet", "algo": "sha256", "oid": "0" * 64}},
    ]
    answer = get_session().post(
        f"{hub.url}/api/datasets/{DATASET}/commit/main",
        content="".join(json.dumps(line) + "\n" for line in lines),
        headers={"authorization": f"Bearer {hub.write}"},
    )
    assert answer.status_code == 400
    assert hub.repository("dataset", DATASET).oid() == dataset


def test_a_folder_is_uploaded_in_one_commit(hub, owner, dataset, tmp_path):
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "deep" / "b.parquet").write_bytes(LARGE[::-1])
    owner.upload_folder(repo_id=DATASET, repo_type="dataset", folder_path=folder)
    assert hub.contents("dataset", DATASET)["deep/b.parquet"] == LARGE[::-1]
    assert len(hub.repository("dataset", DATASET).history()) == 3


def test_a_squashed_branch_has_one_commit_and_the_same_files(hub, owner, dataset):
    before = hub.contents("dataset", DATASET)
    owner.super_squash_history(DATASET, repo_type="dataset")
    assert len(owner.list_repo_commits(DATASET, repo_type="dataset")) == 1
    assert hub.contents("dataset", DATASET) == before


# Revisions


def test_a_tag_keeps_what_main_had(owner, dataset, tmp_path):
    owner.create_tag(DATASET, tag="v1.0.0", tag_message="first", repo_type="dataset")
    commit(owner, add("notes.txt", "two"))
    where = {"repo_id": DATASET, "repo_type": "dataset"}
    assert download(owner, tmp_path, "notes.txt", revision="v1.0.0", **where) == b"one"
    assert download(owner, tmp_path, "notes.txt", **where) == b"two"


def test_a_tag_with_a_message_is_annotated(hub, owner, dataset):
    owner.create_tag(DATASET, tag="v1.0.0", tag_message="first", repo_type="dataset")
    assert hub.repository("dataset", DATASET).tags["v1.0.0"].message == "first"


def test_a_tag_is_never_moved(hub, owner, dataset):
    owner.create_tag(DATASET, tag="v1.0.0", repo_type="dataset")
    commit(owner, add("notes.txt", "two"))
    refused(409, lambda: owner.create_tag(DATASET, tag="v1.0.0", repo_type="dataset"))
    assert hub.repository("dataset", DATASET).oid("v1.0.0") == dataset


def test_refs_say_where_each_name_points(owner, dataset):
    owner.create_tag(DATASET, tag="v1.0.0", repo_type="dataset")
    owner.create_branch(DATASET, branch="next", repo_type="dataset")
    refs = owner.list_repo_refs(DATASET, repo_type="dataset", include_pull_requests=True)
    assert {ref.ref: ref.target_commit for ref in [*refs.branches, *refs.tags]} == {
        "refs/heads/main": dataset,
        "refs/heads/next": dataset,
        "refs/tags/v1.0.0": dataset,
    }


def test_deleted_names_are_gone(owner, dataset):
    owner.create_tag(DATASET, tag="v1.0.0", repo_type="dataset")
    owner.create_branch(DATASET, branch="next", repo_type="dataset")
    owner.delete_tag(DATASET, tag="v1.0.0", repo_type="dataset")
    owner.delete_branch(DATASET, branch="next", repo_type="dataset")
    for name in ("v1.0.0", "next"):
        assert not owner.revision_exists(DATASET, name, repo_type="dataset")


def test_an_unknown_revision_has_its_own_error(owner, dataset):
    with pytest.raises(RevisionNotFoundError):
        owner.dataset_info(DATASET, revision="v9")


# Trees and files


def test_a_tree_lists_folders_and_files(owner, dataset):
    listed = owner.list_repo_tree(DATASET, repo_type="dataset")
    assert [entry.path for entry in listed] == ["data", ".gitattributes", "notes.txt"]


def test_a_recursive_tree_reaches_all_files(owner, dataset):
    listed = owner.list_repo_tree(DATASET, repo_type="dataset", recursive=True, expand=True)
    titles = {entry.path: entry.last_commit.title for entry in listed}
    assert titles["data/train.parquet"] == "a commit"
    assert titles[".gitattributes"] == "initial commit"


def test_a_missing_folder_has_its_own_error(owner, dataset):
    listed = owner.list_repo_tree(DATASET, "no/such", repo_type="dataset")
    with pytest.raises(EntryNotFoundError):
        list(listed)


def test_unknown_paths_are_left_out(owner, dataset):
    found = owner.get_paths_info(DATASET, ["notes.txt", "data", "nothing"], repo_type="dataset")
    assert [entry.path for entry in found] == ["notes.txt", "data"]


def test_a_missing_file_has_its_own_error(owner, dataset, tmp_path):
    with pytest.raises(EntryNotFoundError):
        download(owner, tmp_path, "nothing.txt", repo_id=DATASET, repo_type="dataset")


def test_a_part_of_a_file_is_read_alone(hub, owner, dataset):
    from huggingface_hub import HfFileSystem

    files = HfFileSystem(endpoint=hub.url, token=hub.write, skip_instance_cache=True)
    with files.open(f"datasets/{DATASET}/data/train.parquet", block_size=100) as file:
        file.seek(1000)
        assert file.read(10) == LARGE[1000:1010]


def test_a_range_past_the_end_is_refused(hub, dataset):
    from huggingface_hub.utils import get_session

    url = f"{hub.url}/datasets/{DATASET}/resolve/main/notes.txt"
    assert get_session().get(url, headers={"range": "bytes=7-"}).status_code == 416
    assert get_session().get(url, headers={"range": "bytes=-2"}).content == b"ne"


def test_a_snapshot_holds_one_revision_whole(hub, owner, dataset, tmp_path):
    commit(owner, add("later.txt", "x"))
    folder = owner.snapshot_download(
        DATASET, repo_type="dataset", revision=dataset, cache_dir=tmp_path / "cache"
    )
    paths = {p.relative_to(folder).as_posix() for p in Path(folder).rglob("*") if p.is_file()}
    assert paths == {".gitattributes", "notes.txt", "data/train.parquet"}


def test_a_second_download_of_the_same_revision_sends_nothing(hub, owner, dataset, tmp_path):
    where = {"repo_id": DATASET, "repo_type": "dataset"}
    download(owner, tmp_path, "data/train.parquet", **where)
    before = hub.faults.count("GET ")
    download(owner, tmp_path, "data/train.parquet", **where)
    assert hub.faults.count("GET ") == before


# Pull requests and discussions


def test_a_pull_request_leaves_main_alone_until_it_is_merged(hub, owner, dataset):
    opened = commit(owner, add("notes.txt", "two"), create_pr=True)
    assert hub.contents("dataset", DATASET)["notes.txt"] == b"one"
    owner.merge_pull_request(DATASET, opened.pr_num, repo_type="dataset")
    assert hub.contents("dataset", DATASET)["notes.txt"] == b"two"
    details = owner.get_discussion_details(DATASET, opened.pr_num, repo_type="dataset")
    assert details.status == "merged"


def test_a_pull_request_is_a_revision(owner, dataset, tmp_path):
    opened = commit(owner, add("notes.txt", "two"), create_pr=True)
    where = {"repo_id": DATASET, "repo_type": "dataset", "revision": opened.pr_revision}
    assert download(owner, tmp_path, "notes.txt", **where) == b"two"


def test_a_pull_request_that_conflicts_is_not_merged(hub, owner, dataset):
    opened = commit(owner, add("notes.txt", "two"), create_pr=True)
    commit(owner, add("notes.txt", "three"))
    details = owner.get_discussion_details(DATASET, opened.pr_num, repo_type="dataset")
    assert details.conflicting_files == ["notes.txt"]
    refused(409, lambda: owner.merge_pull_request(DATASET, opened.pr_num, repo_type="dataset"))
    assert hub.contents("dataset", DATASET)["notes.txt"] == b"three"


def test_a_stranger_proposes_and_may_not_commit(owner, stranger, dataset):
    refused(403, lambda: commit(stranger, add("notes.txt", "two")))
    assert commit(stranger, add("notes.txt", "two"), create_pr=True).pr_num == 1


def test_a_discussion_is_opened_answered_and_closed(owner, dataset):
    opened = owner.create_discussion(DATASET, "a question", repo_type="dataset")
    owner.comment_discussion(DATASET, opened.num, "an answer", repo_type="dataset")
    owner.change_discussion_status(DATASET, opened.num, "closed", repo_type="dataset")
    details = owner.get_discussion_details(DATASET, opened.num, repo_type="dataset")
    assert [e.type for e in details.events] == ["comment", "comment", "status-change"]
    (listed,) = owner.get_repo_discussions(DATASET, repo_type="dataset")
    assert (listed.title, listed.status) == ("a question", "closed")


# Who may do what


def test_a_token_says_whose_it_is_and_what_it_may(owner, reader):
    for api, role in ((owner, "write"), (reader, "read")):
        said = api.whoami()
        assert (said["name"], said["auth"]["accessToken"]["role"]) == ("emo", role)


@pytest.mark.parametrize("who", ["reader", "stranger", "anyone"])
def test_only_the_owner_with_a_writing_token_changes_anything(request, hub, dataset, who):
    api, (anonymous, known) = request.getfixturevalue(who), (401, 403)
    status = anonymous if who == "anyone" else known
    refused(status, lambda: commit(api, add("notes.txt", "two")))
    refused(status, lambda: api.create_tag(DATASET, tag="v1", repo_type="dataset"))
    refused(status, lambda: api.delete_repo(DATASET, repo_type="dataset"))
    refused(status, lambda: api.create_repo("emo/other"))
    repository = hub.repository("dataset", DATASET)
    assert (repository.oid(), repository.tags) == (dataset, {})


def test_an_organization_is_written_by_its_members(hub, owner):
    refused(403, lambda: owner.create_repo("org/model"))
    hub.accounts.organizations["emo"] = ("org",)
    assert owner.create_repo("org/model").repo_id == "org/model"


@pytest.mark.parametrize("who", ["stranger", "anyone"])
def test_a_private_repository_looks_as_if_it_were_missing(request, owner, dataset, who):
    owner.update_repo_settings(DATASET, private=True, repo_type="dataset")
    api = request.getfixturevalue(who)
    for name in (DATASET, "emo/missing"):
        with pytest.raises(RepositoryNotFoundError):
            api.dataset_info(name)
    assert DATASET not in [found.id for found in api.list_datasets()]


def test_a_private_repository_is_read_with_the_owners_token(owner, reader, dataset, tmp_path):
    owner.update_repo_settings(DATASET, private=True, repo_type="dataset")
    where = {"repo_id": DATASET, "repo_type": "dataset"}
    assert download(reader, tmp_path, "notes.txt", **where) == b"one"


def test_a_gated_repository_gives_files_to_those_admitted(hub, owner, stranger, dataset, tmp_path):
    owner.update_repo_settings(DATASET, gated="auto", repo_type="dataset")
    where = {"repo_id": DATASET, "repo_type": "dataset"}
    assert stranger.dataset_info(DATASET).gated == "auto"
    with pytest.raises(GatedRepoError):
        download(stranger, tmp_path, "notes.txt", **where)
    hub.repository("dataset", DATASET).admitted.add("stranger")
    assert download(stranger, tmp_path, "notes.txt", **where) == b"one"


def test_an_expired_token_is_refused_everywhere(hub, owner, dataset):
    hub.accounts.expire(hub.write)
    assert "Invalid credentials" in refused(401, lambda: owner.dataset_info(DATASET))
    assert "Invalid user token" in refused(401, owner.whoami)
    refused(401, lambda: commit(owner, add("notes.txt", "two")))


def test_a_client_can_ask_whether_it_may_write(owner, reader, dataset):
    owner.auth_check(DATASET, repo_type="dataset", write=True)
    refused(403, lambda: reader.auth_check(DATASET, repo_type="dataset", write=True))


# Cards and collections


@pytest.mark.parametrize(
    ("kind", "card"),
    [
        ("model", "---\ntags: [a\n---\n"),
        ("model", "---\n- a list\n---\n"),
        ("model", "---\ntags: word\n---\n"),
        ("dataset", "---\nconfigs: [{data_files: x}]\n---\n"),
        ("space", "---\nsdk: streamlit\n---\n"),
        ("space", "---\nsdk: gradio\ncolorFrom: mauve\n---\n"),
        ("space", f"---\nsdk: gradio\nshort_description: {'long ' * 20}\n---\n"),
    ],
)
def test_a_card_with_wrong_metadata_never_becomes_a_commit(hub, owner, kind, card):
    sdk = {"space_sdk": "gradio"} if kind == "space" else {}
    owner.create_repo("emo/thing", repo_type=kind, **sdk)
    operation = add("README.md", card)
    with pytest.raises(ValueError, match="Invalid metadata"):
        owner.create_commit("emo/thing", [operation], commit_message="a card", repo_type=kind)
    assert "README.md" not in hub.contents(kind, "emo/thing")


def test_a_cards_metadata_is_part_of_what_is_said(owner):
    owner.create_repo(MODEL)
    card = "---\nlicense: apache-2.0\npipeline_tag: text-classification\n---\n# A card\n"
    owner.create_commit(MODEL, [add("README.md", card)], commit_message="a card")
    info = owner.model_info(MODEL)
    assert (info.card_data.license, info.pipeline_tag) == ("apache-2.0", "text-classification")
    assert "license:apache-2.0" in info.tags


def test_a_collection_groups_what_belongs_together(owner, dataset):
    owner.create_repo(MODEL)
    slug = owner.create_collection("Emo Hub", namespace="emo").slug
    owner.add_collection_item(slug, DATASET, "dataset", note="the corpus")
    owner.add_collection_item(slug, MODEL, "model")
    items = owner.get_collection(slug).items
    assert [(item.item_id, item.note) for item in items] == [(DATASET, "the corpus"), (MODEL, None)]
    refused(409, lambda: owner.add_collection_item(slug, MODEL, "model"))
    assert owner.create_collection("Emo Hub", namespace="emo", exists_ok=True).slug == slug
