"""The page becomes a Space that names its model and datasets, with exact requirements."""

from __future__ import annotations

import ast
import re
import shutil

import pytest
import yaml
from huggingface_hub import constants

from emo_hub.errors import CardError, DataError, InputError, PublishError
from emo_hub.publishing import Page, publish_space
from emo_hub.publishing.space import space_folder, stage_space
from emo_hub.version import __version__
from tests.commands import emo_hub

REPO = "emo/page"
MODEL, DATA = "emo/zero-shot", "emo/emo-pillars"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(space_folder(), tmp_path / "space")


def front(text):
    return yaml.safe_load(text.split("---\n")[1])


def change(path, there, instead):
    text = path.read_text()
    assert there in text
    path.write_text(text.replace(there, instead, 1))


def test_a_space_becomes_a_commit_with_an_annotated_tag(hub, owner):
    publish_space(REPO, Page(model=MODEL, datasets=[DATA]), api=owner)
    repository, there = hub.repository("space", REPO), hub.contents("space", REPO, "v1.0.0")
    assert there.keys() == {".gitattributes", "README.md", "app.py", "requirements.txt"}
    assert repository.oid("v1.0.0") == repository.oid("main")
    facts = front(there["README.md"].decode())
    assert (facts["models"], facts["preload_from_hub"]) == ([MODEL], [MODEL])
    assert (facts["datasets"], facts["python_version"]) == ([DATA], "3.12")
    assert re.fullmatch(r"\d+\.\d+\.\d+", facts["sdk_version"])
    assert f'Client("{REPO}")' in there["README.md"].decode()


def test_the_page_runs_the_model_that_it_names(tmp_path):
    stage_space(Page(model=MODEL), tmp_path / "staged")
    tree = ast.parse((tmp_path / "staged" / "app.py").read_text())
    [chosen] = [node.value for node in tree.body if isinstance(node, ast.AnnAssign)]
    assert ast.literal_eval(chosen) == MODEL


def test_the_page_shows_the_corpus_that_it_names(tmp_path):
    stage_space(Page(model=MODEL, datasets=(DATA,)), tmp_path / "staged")
    tree = ast.parse((tmp_path / "staged" / "app.py").read_text())
    [chosen] = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "CORPUS"
    ]
    assert ast.literal_eval(chosen) == DATA


def test_every_requirement_is_exact(tmp_path):
    stage_space(Page(), tmp_path / "staged")
    lines = (tmp_path / "staged" / "requirements.txt").read_text().splitlines()
    assert lines[0] == f"emo-hub[space]=={__version__}"
    assert any(line.startswith("torch==") for line in lines)
    assert all(re.fullmatch(r"[\w\-\[\]]+==[\w.]+", line) for line in lines)


def test_publishing_the_same_again_sends_nothing_and_another_model_is_another_version(hub, owner):
    publish_space(REPO, Page(), api=owner)
    assert publish_space(REPO, Page(), api=owner).tagged
    with pytest.raises(PublishError, match="never moved"):
        publish_space(REPO, Page(model=MODEL), api=owner)
    plan = publish_space(REPO, Page(model=MODEL), tag="v1.1.0", api=owner)
    assert plan.changed == ("README.md", "app.py")


def test_a_dry_run_says_all_and_changes_nothing(hub, owner):
    said: list[str] = []
    publish_space(REPO, Page(), how="dry-run", api=owner, say=said.append)
    assert (said[0], said[-1]) == (f"make space {REPO}", "tag v1.0.0")
    assert all(seen.request.startswith("GET ") for seen in hub.faults.seen)


@pytest.mark.parametrize(
    ("file", "there", "instead"),
    [
        ("README.md", 'python_version: "3.12"', 'python_version: "3.10"'),
        ("README.md", "sdk_version: 6.31.0", "sdk_version: latest"),
        ("README.md", "sdk: gradio\n", ""),
        ("README.md", "short_description: ", "short_description: " + "very " * 12),
        ("app.py", "launch(MODEL", "launch(MODEL,,"),
        ("README.md", "app_file: app.py", "app_file: other.py"),
        ("app.py", "MODEL: str | None = None", "MODEL = 'x/y'"),
    ],
)
def test_a_space_that_cannot_run_is_refused_unasked(hub, owner, folder, file, there, instead):
    change(folder / file, there, instead)
    with pytest.raises((CardError, DataError)):
        publish_space(REPO, Page(folder=folder, model=MODEL), api=owner)
    assert not hub.faults.seen


def test_a_secret_is_refused_unasked(hub, owner, folder):
    (folder / "keys.txt").write_text("hf_" + "x9Y8" * 9)
    with pytest.raises(DataError, match="a token of the Hub"):
        publish_space(REPO, Page(folder=folder), api=owner)
    assert not hub.faults.seen


def test_a_link_that_is_no_repository_is_refused():
    with pytest.raises(InputError, match="no repository"):
        Page(model="zero-shot")


def test_a_token_that_only_reads_is_refused(hub, reader):
    with pytest.raises(PublishError, match="may only read"):
        publish_space(REPO, Page(), api=reader)
    assert ("space", REPO) not in hub.state.repositories


def test_the_command_publishes(hub, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setenv("HF_TOKEN", hub.write)
    done = emo_hub("publish", "space", REPO, "--model", MODEL, "--dataset", DATA)
    assert done.returncode == 0, done.stderr
    assert "app.py" in hub.contents("space", REPO, "v1.0.0")
