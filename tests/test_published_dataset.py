"""A corpus on the Hub as its readers meet it: by version and config, streamed, compared."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from huggingface_hub import HfApi

from emo_hub.cli import app
from emo_hub.errors import DataError
from emo_hub.evaluation import own
from emo_hub.publishing import publish_dataset
from emo_hub.publishing.staging import TASK
from emo_hub.versions import open_version

from .hub.clients import answer_of, without_xet
from .hub.server import LoopbackHub
from .small_corpora import FEAR, ROWS, line, write_small

REPO = "emo/emo-pillars"


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    """Two versions: in the second a row is new and one is relabelled."""
    home = tmp_path_factory.mktemp("corpora")
    lines = [line(n) for n in range(ROWS)]
    first = write_small(home / "first", "1.0.0", lines)
    lines = [line(0, affect=FEAR), *lines[1:], line(ROWS)]
    return first, write_small(home / "second", "1.1.0", lines)


@pytest.fixture(scope="module")
def shelf(corpora, tmp_path_factory):
    """A Hub that holds both versions, for the tests that only read them."""
    with without_xet(), LoopbackHub(tmp_path_factory.mktemp("shelf") / "loopback") as running:
        for corpus in corpora:
            publish_dataset(REPO, corpus, api=HfApi(running.url, token=running.write))
        yield running


@pytest.fixture(scope="module")
def client_at(shelf, tmp_path_factory):
    """Run lines of Python in a client process; all of them share one cache."""
    home = tmp_path_factory.mktemp("client")

    def run(lines):
        return answer_of(lines, cwd=home, environment=shelf.environment(home / "home"))

    return run


@pytest.fixture(scope="module")
def read(client_at):
    """What one process read, first without emo_hub; its imports take longer than all of that."""
    return client_at(READER)


def settle(patch, hub, folder):
    """Let the client in this process ask that Hub, with a cache of its own."""
    from huggingface_hub import constants

    patch.setattr(constants, "ENDPOINT", hub.url)
    pattern = f"{hub.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", pattern)
    patch.setattr(constants, "HF_HUB_CACHE", str(folder / "cache"))
    patch.setenv("EMO_HUB_NAMESPACE", "emo")


@pytest.fixture
def here(shelf, monkeypatch, tmp_path):
    settle(monkeypatch, shelf, tmp_path)


# Loaded by datasets


READER = """
import os
from datasets import load_dataset

answer = {
    "rows": {
        f"{revision} {config}": sum(
            load_dataset("emo/emo-pillars", config, revision=revision).num_rows.values()
        )
        for revision in ("v1.0.0", "v1.1.0")
        for config in ("contextless", "contextual")
    }
}
one, two = (
    load_dataset("emo/emo-pillars", config, revision="v1.0.0", streaming=True)["train"]
    for config in ("contextless", "contextual")
)
names = one.features["labels"].feature.names
answer["streamed"] = [[names[a["primary_emotion"]], b["context"]] for a, b in zip(one, two)][:3]

os.environ["EMO_HUB_NAMESPACE"] = "emo"
import emo_hub
from datasets import load_dataset

answer["alias"] = sum(load_dataset("emo-pillars", "contextless").num_rows.values())
"""
OFFLINE = """
import os
os.environ |= {"EMO_HUB_NAMESPACE": "emo", "HF_HUB_OFFLINE": "1"}
import emo_hub
from datasets import load_dataset

answer = sum(load_dataset("emo-pillars", "contextless").num_rows.values())
"""


def test_load_dataset_gives_each_config_of_each_version(read):
    assert read["rows"] == {
        "v1.0.0 contextless": ROWS,
        "v1.0.0 contextual": ROWS,
        "v1.1.0 contextless": ROWS + 1,
        "v1.1.0 contextual": ROWS,
    }


def test_two_configs_stream_at_once_with_the_names_of_their_labels(read):
    assert [label for label, _ in read["streamed"]] == ["joy"] * 3
    assert all(context.startswith("Ada waits at pier") for _, context in read["streamed"])


def test_the_alias_means_the_namespace_and_what_was_loaded_stays_without_the_hub(read, client_at):
    assert read["alias"] == ROWS + 1
    assert client_at(OFFLINE) == ROWS + 1


# What a version carries for its place on the Hub


def file(hub, name, revision="v1.1.0"):
    return hub.contents("dataset", REPO, revision)[name].decode()


def test_the_viewer_finds_every_config_and_split_where_the_card_says(shelf):
    import fnmatch

    held = shelf.contents("dataset", REPO, "v1.1.0")
    facts = yaml.safe_load(held["README.md"].decode().split("---\n")[1])
    assert facts["configs"][0]["config_name"] == "contextless"
    for config in facts["configs"]:
        for split in config["data_files"]:
            assert [name for name in held if fnmatch.fnmatch(name, split["path"])]
    assert {info["config_name"] for info in facts["dataset_info"]} == {
        config["config_name"] for config in facts["configs"]
    }


def test_the_card_says_how_to_load_exactly_this_version(shelf):
    assert f'load_dataset("{REPO}", revision="v1.1.0")' in file(shelf, "README.md")
    assert f'load_dataset("{REPO}", revision="v1.0.0")' in file(shelf, "README.md", "v1.0.0")
    assert f"models?dataset=dataset:{REPO}" in file(shelf, "README.md")


def test_the_folder_itself_stays_as_it_was_built(shelf, corpora):
    assert "<!-- on the Hub -->" in (corpora[0] / "README.md").read_text()
    assert not (corpora[0] / "croissant.json").exists()


def test_croissant_names_every_file_of_rows_with_its_checksum(shelf):
    held = shelf.contents("dataset", REPO, "v1.1.0")
    told = json.loads(held["croissant.json"])
    assert {
        node["@id"]: node["sha256"] for node in told["distribution"]
    } == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in held.items()
        if name.endswith(".parquet") and pq.read_metadata(BytesIO(content)).num_rows
    }  # fmt: skip
    page = f"{shelf.url}/datasets/{REPO}"
    for node in told["distribution"]:
        assert node["contentUrl"] == f"{page}/resolve/v1.1.0/{node['@id']}"


def test_mlcroissant_reads_the_records_from_the_hub(shelf, tmp_path, monkeypatch):
    croissant = pytest.importorskip("mlcroissant")
    from etils import epath
    from mlcroissant._src.core import constants

    monkeypatch.setattr(constants, "DOWNLOAD_PATH", epath.Path(tmp_path / "download"))
    dataset = croissant.Dataset(jsonld=json.loads(file(shelf, "croissant.json")))
    assert not dataset.metadata.ctx.issues.errors
    rows = list(dataset.records("contextual/train"))
    assert rows[0]["contextual/train/utterance"].startswith(b"all")
    assert rows[0]["contextual/train/valence"] == 4.0


def test_the_benchmark_task_is_the_one_that_models_report(shelf):
    declared = yaml.safe_load(file(shelf, "eval.yaml"))
    assert [task["id"] for task in declared["tasks"]] == [TASK] == [f"{own.NAME}_macro_f1"]
    assert {"name", "description"} < set(declared)


def test_an_eval_yaml_of_ones_own_is_kept(hub, owner, corpora, tmp_path):
    import shutil

    folder = shutil.copytree(corpora[0], tmp_path / "mine")
    (folder / "eval.yaml").write_text("name: mine\n")
    publish_dataset(REPO, folder, api=owner)
    assert file(hub, "eval.yaml", "v1.0.0") == "name: mine\n"


def test_a_corpus_without_annotations_can_be_published(hub, owner, tmp_path):
    folder = write_small(tmp_path / "lines", "1.0.0", [line(n) for n in range(ROWS)], rows=0)
    publish_dataset(REPO, folder, api=owner)
    told = json.loads(file(hub, "croissant.json", "v1.0.0"))
    assert {node["@id"].split("/")[0] for node in told["distribution"]} == {"contextless"}


# Compared


def test_versions_of_the_hub_are_opened_by_their_tags(here):
    assert open_version("v1.0.0").version == "1.0.0"
    assert open_version(f"{REPO}@v1.0.0").version == "1.0.0"
    assert open_version(REPO).version == "1.1.0"


def test_an_unknown_tag_is_answered_with_those_there_are(here):
    with pytest.raises(DataError, match=r"no revision v2.0.0: its tags are v1.0.0, v1.1.0"):
        open_version("v2.0.0")


def test_an_unknown_repository_is_named(here):
    with pytest.raises(DataError, match="no dataset emo/other on the Hub"):
        open_version("emo/other@v1.0.0")


def test_what_is_neither_folder_nor_name_is_said_to_be_no_folder(here):
    with pytest.raises(DataError, match="There is no folder"):
        open_version("./somewhere/else")


def test_a_version_once_fetched_is_there_without_the_hub(here, monkeypatch):
    from huggingface_hub import constants

    open_version("v1.0.0")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert open_version("v1.0.0").version == "1.0.0"
    with pytest.raises(DataError, match="not in the cache, and the Hub cannot be reached"):
        open_version("v1.1.0")


def test_a_dataset_that_is_no_corpus_is_said_to_be_none(shelf, here):
    HfApi(shelf.url, token=shelf.write).create_repo("emo/rows", repo_type="dataset")
    with pytest.raises(DataError, match=r"no corpus of emo_hub"):
        open_version("emo/rows")


def test_the_command_compares_two_tags(here):
    from typer.testing import CliRunner

    done = CliRunner().invoke(app, ["corpus", "diff", "v1.0.0", "v1.1.0", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["configs"][0]
    assert (found["added"], found["removed"], found["relabelled"]) == (1, 0, 1)


# What is sent


def test_a_relabelled_file_shares_most_with_the_one_before(tmp_path):
    """By the chunks that Xet would send, in a storage of its own."""
    import hf_xet

    from emo_hub.synthesis.rows import row_of
    from emo_hub.synthesis.shards import SplitFiles

    def stored(folder, relabelled):
        (folder / "contextless").mkdir(parents=True)
        files = SplitFiles(folder, "contextless", "train")
        for n in range(12_000):
            salt = hashlib.sha256(str(n).encode()).hexdigest()
            affect = FEAR if n in relabelled else None
            row = line(n, f"{salt[:30]} {salt[30:]}", **({"affect": affect} if affect else {}))
            files.add(row_of(row))
        files.close()
        with hf_xet.XetSession().new_upload_commit(endpoint=f"local://{tmp_path}/xet") as sent:
            sent.start_upload_file(str(folder / files.names[0]))
        held = (tmp_path / "xet" / "xet" / "xorbs" / "xorbs").glob("default.*")
        return sum(path.stat().st_size for path in held)

    (tmp_path / "xet").mkdir()
    whole = stored(tmp_path / "a", ())
    assert stored(tmp_path / "b", ()) == whole
    assert stored(tmp_path / "c", (5000, 5001, 5002)) - whole < whole / 4


# The guide


def guide():
    """The blocks of commands of docs/publishing.md, a list of words for each line."""
    text = (Path(__file__).parent.parent / "docs" / "publishing.md").read_text()
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    return [[shlex.split(line, comments=True) for line in block.splitlines()] for block in blocks]


def test_six_commands_lead_from_nothing_to_dataset_model_and_space():
    assert [words[:3] for words in guide()[0]] == [
        ["pip", "install", "emo-hub[train,report,space]"],
        ["hf", "auth", "login"],
        ["emo-hub", "quickstart"],
        ["emo-hub", "publish", "dataset"],
        ["emo-hub", "publish", "model"],
        ["emo-hub", "publish", "space"],
    ]


def test_the_guide_publishes_what_quickstart_leaves_and_groups_it(
    hub, corpora, measured_checkpoint, tmp_path, monkeypatch
):
    from typer.testing import CliRunner

    from emo_hub.quickstart import CORPUS, MODEL

    settle(monkeypatch, hub, tmp_path)
    (tmp_path / CORPUS).symlink_to(corpora[1])
    (tmp_path / MODEL).symlink_to(measured_checkpoint)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_TOKEN", hub.write)
    for words in (*guide()[0][3:], *guide()[1]):
        # The owner of the Hub on loopback is emo.
        told = [re.sub(r"(^|/)me/", r"\1emo/", word) for word in words[1:]]
        done = CliRunner().invoke(app, told)
        assert done.exit_code == 0, (done.output, done.exception)
    space = yaml.safe_load(
        hub.contents("space", "emo/emotions", "v1.0.0")["README.md"].decode().split("---\n")[1]
    )
    card = hub.contents("model", "emo/emo-model", "v1.0.0")["README.md"].decode()
    assert (space["models"], space["datasets"]) == (["emo/emo-model"], [REPO])
    assert yaml.safe_load(card.split("---\n")[1])["datasets"] == [REPO]
    (collection,) = hub.state.collections.values()
    assert [(item["type"], item["id"]) for item in collection["items"]] == [
        ("dataset", REPO),
        ("model", "emo/emo-model"),
        ("space", "emo/emotions"),
    ]
