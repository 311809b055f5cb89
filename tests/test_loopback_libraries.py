"""The real libraries and the `hf` command, each in a process, with the Hub on loopback."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

HF = shutil.which("hf", path=str(Path(sys.executable).parent)) or "hf"
DATASET, MODEL = "emo/data", "emo/model"
FILES = "[{split: train, path: data/*}]"
CARD = f"---\nconfigs: [{{config_name: default, data_files: {FILES}}}]\n---\n"


@pytest.fixture
def versions(owner, tmp_path):
    """A dataset of two versions: two rows, tagged, and then three on main."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    owner.create_repo(DATASET, repo_type="dataset")
    folder = tmp_path / "versions"
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text(CARD)
    for rows in (["a", "b"], ["a", "b", "c"]):
        pq.write_table(pa.table({"text": rows}), folder / "data" / "train-0.parquet")
        owner.upload_folder(repo_id=DATASET, repo_type="dataset", folder_path=folder)
        if len(rows) == 2:
            owner.create_tag(DATASET, tag="v1.0.0", tag_message="two", repo_type="dataset")


@pytest.fixture
def model(owner, tiny_base):
    owner.create_repo(MODEL)
    owner.upload_folder(repo_id=MODEL, folder_path=tiny_base)


def test_load_dataset_gives_the_version_of_a_tag(versions, client):
    answer = client(
        """
        from datasets import load_dataset
        answer = [
            load_dataset("emo/data", split="train", revision=revision)["text"][:]
            for revision in ("v1.0.0", None)
        ]
        """
    )
    assert answer == [["a", "b"], ["a", "b", "c"]]


def test_load_dataset_streams(versions, client):
    answer = client(
        """
        from datasets import load_dataset
        rows = load_dataset("emo/data", split="train", revision="v1.0.0", streaming=True)
        answer = [row["text"] for row in rows]
        """
    )
    assert answer == ["a", "b"]


@pytest.mark.parametrize("xet", [False, True], ids=["lfs", "xet"])
def test_a_dataset_pushed_by_datasets_is_loaded_again(hub, owner, client, xet):
    push = """
        from datasets import Dataset
        pushed = Dataset.from_dict({"text": ["a", "b"]}).push_to_hub("emo/pushed")
        answer = pushed.oid
        """
    load = """
        from datasets import load_dataset
        answer = load_dataset("emo/pushed", split="train")["text"][:]
        """
    oid = client(push, token=hub.write, xet=xet)
    assert hub.repository("dataset", "emo/pushed").oid() == oid
    assert bool(hub.faults.count("/xet-write-token/")) == xet
    assert client(load, xet=xet, home="other") == ["a", "b"]


def test_large_files_go_up_and_down_by_the_real_xet(hub, owner, command, tmp_path):
    owner.create_repo(DATASET, repo_type="dataset")
    content = bytes(range(256)) * 2000
    (tmp_path / "up.parquet").write_bytes(content)
    words = [HF, "upload", DATASET, "up.parquet", "--repo-type", "dataset"]
    done = command(*words, token=hub.write)
    assert done.returncode == 0, done.stderr
    assert hub.faults.count("/xet-write-token/")
    assert not hub.faults.count("/_lfs/")
    words = [HF, "download", DATASET, "up.parquet", "--repo-type", "dataset", "--local-dir", "down"]
    done = command(*words, home="other")
    assert done.returncode == 0, done.stderr
    assert hub.faults.count("/xet-read-token/")
    assert (tmp_path / "down" / "up.parquet").read_bytes() == content


def test_what_came_by_xet_is_read_without_it(hub, owner, command, tmp_path):
    owner.create_repo(DATASET, repo_type="dataset")
    (tmp_path / "up.parquet").write_bytes(bytes(range(256)) * 2000)
    command(HF, "upload", DATASET, "up.parquet", "--repo-type", "dataset", token=hub.write)
    path = owner.hf_hub_download(
        DATASET, "up.parquet", repo_type="dataset", cache_dir=tmp_path / "cache"
    )
    assert Path(path).read_bytes() == bytes(range(256)) * 2000


def test_transformers_loads_a_model(model, client):
    answer = client(
        """
        from transformers import AutoModel, AutoTokenizer
        batch = AutoTokenizer.from_pretrained("emo/model")("i feel joy", return_tensors="pt")
        answer = list(AutoModel.from_pretrained("emo/model")(**batch).last_hidden_state.shape)
        """
    )
    assert answer == [1, 5, 32]


def test_transformers_pushes_a_model(hub, client, tiny_base):
    client(
        f"""
        from transformers import AutoModel
        AutoModel.from_pretrained({str(tiny_base)!r}).push_to_hub("emo/pushed")
        answer = None
        """,
        token=hub.write,
    )
    held = hub.contents("model", "emo/pushed")
    assert held["model.safetensors"] == (tiny_base / "model.safetensors").read_bytes()


def test_sentence_transformers_loads_a_model(model, client):
    answer = client(
        """
        from sentence_transformers import SentenceTransformer
        answer = list(SentenceTransformer("emo/model").encode(["i feel joy", "so sad"]).shape)
        """
    )
    assert answer == [2, 32]


@pytest.mark.slow
def test_setfit_loads_a_model(model, client):
    answer = client(
        """
        from setfit import SetFitModel
        model = SetFitModel.from_pretrained("emo/model", labels=["joy", "anger"])
        answer = list(model.encode(["i feel joy"]).shape)
        """
    )
    assert answer == [1, 32]


def test_the_command_makes_tags_and_deletes_a_repository(hub, owner, command):
    for words in (
        ("repos", "create", MODEL),
        ("repos", "tag", "create", MODEL, "v1", "-m", "first"),
    ):
        done = command(HF, *words, token=hub.write)
        assert done.returncode == 0, done.stderr
    assert hub.repository("model", MODEL).tags["v1"].message == "first"
    done = command(HF, "repos", "delete", MODEL, "--yes", token=hub.write)
    assert not owner.repo_exists(MODEL), done.stderr


def test_the_command_says_who_one_is(hub, command):
    assert "emo" in command(HF, "auth", "whoami", token=hub.read).stdout


def test_the_command_uploads_a_folder_as_a_pull_request(hub, owner, command, tmp_path):
    owner.create_repo(MODEL)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("a")
    done = command(HF, "upload", MODEL, "folder", ".", "--create-pr", token=hub.write)
    assert done.returncode == 0, done.stderr
    assert "a.txt" not in hub.contents("model", MODEL)
    assert hub.contents("model", MODEL, "refs/pr/1")["a.txt"] == b"a"


def test_the_command_says_that_a_token_may_only_read(hub, owner, command, tmp_path):
    owner.create_repo(MODEL)
    (tmp_path / "a.txt").write_text("a")
    done = command(HF, "upload", MODEL, "a.txt", token=hub.read)
    assert done.returncode != 0
    assert "only read access" in done.stdout + done.stderr
