"""The code that a model carries: one module, which answers as the package does and needs it not."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest
from huggingface_hub import HfApi

from emo_hub.publishing import carried
from emo_hub.publishing.model import stage_model
from emo_hub.registration import TASK
from tests.hub.clients import answer_of, without_xet
from tests.hub.server import LoopbackHub

REPO = "emo/model"
_LONG = 600  # seconds: several models, each with the libraries' imports
SCORED = [
    {"candidate_labels": ["joy", "anger", "fear"]},
    {"candidate_labels": ["joy", "anger", "fear"], "multi_label": False},
    {"candidate_labels": {"joy": "feeling happy", "left out": "nobody asked me"}, "vad": True},
    {"candidate_labels": "not sad, 😡, saudade, schadenfreude, homesick", "threshold": "auto"},
    {"candidate_labels": ["so sad", "thank you"], "context": "It was my fear.", "threshold": 0.2},
    {"candidate_labels": ["joy", "anger"], "context": "i felt a joy", "explain": True, "top_k": 1},
]
TEXTS = ["i feel so happy", "it was not my joy, you of the anger", "a fear", "ok 😡"]


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    path = tmp_path_factory.mktemp("carried") / carried.FILE
    path.write_text(carried.carried_module(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    path = tmp_path_factory.mktemp("asked") / "asked.json"
    path.write_text(json.dumps([TEXTS, SCORED]))
    return path


def answers_of(clf):
    return [clf(TEXTS, **how) for how in SCORED]


def numbers(found):
    if isinstance(found, dict):
        return {key: numbers(value) for key, value in found.items()}
    if isinstance(found, list):
        return [numbers(value) for value in found]
    return pytest.approx(found, abs=1e-5) if isinstance(found, float) else found


ALONE = """
import importlib.util, sys
if importlib.util.find_spec("emo_hub"):  # where it is installed beside the other libraries
    sys.modules["emo_hub"] = None
try:
    import emo_hub
    raise SystemExit("emo_hub is there")
except ModuleNotFoundError:
    pass
"""


def test_it_imports_nothing_of_emo_hub(module):
    tree = ast.parse(module.read_text(encoding="utf-8"))
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add(str(node.module).split(".")[0])
    ours = {"torch", "transformers", "numpy", "safetensors", "tokenizers", "huggingface_hub"}
    within = {"onnxruntime", "openvino"}  # imported where somebody asks for them
    assert roots - sys.stdlib_module_names == ours | within
    first = {line.split()[1].split(".")[0] for line in module.read_text().splitlines()
             if line.startswith(("import ", "from "))}  # fmt: skip
    assert not first & within


def test_every_name_in_it_is_there(module):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,E9", str(module)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_the_same_each_time(module):
    assert carried.carried_module() == module.read_text(encoding="utf-8")


@pytest.fixture
def loaded(module, monkeypatch):
    """The module as it runs beside the package, whose classes stay registered."""
    from transformers import AutoConfig

    from emo_hub.static import StaticConfig

    spec = importlib.util.spec_from_file_location("carried_zero_shot", module)
    found = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, found)
    spec.loader.exec_module(found)
    AutoConfig.register(StaticConfig.model_type, StaticConfig, exist_ok=True)
    return found


def test_it_answers_as_the_package_does(loaded, measured_checkpoint):
    from transformers import AutoModel

    from emo_hub.pipelines import pipeline

    theirs = loaded.ZeroShotEmotionPipeline(model=AutoModel.from_pretrained(measured_checkpoint))
    ours = pipeline(model=measured_checkpoint)
    assert type(theirs.model) is not type(ours.model)
    assert answers_of(theirs) == numbers(answers_of(ours))


def test_labels_learnt_from_examples_are_carried_too(loaded, measured_checkpoint, tmp_path):
    from transformers import AutoModel

    from emo_hub.fewshot import Examples, teach
    from emo_hub.modeling import EmotionModel
    from emo_hub.pipelines import pipeline

    examples = Examples((TEXTS[0], TEXTS[2]), ("mine", "yours"), np.eye(2) > 0, multi_label=False)
    teach(EmotionModel.load(measured_checkpoint), examples).save(tmp_path / "learnt")
    theirs = loaded.ZeroShotEmotionPipeline(model=AutoModel.from_pretrained(tmp_path / "learnt"))
    ours = pipeline(model=tmp_path / "learnt")
    assert theirs(TEXTS) == numbers(ours(TEXTS))
    assert answers_of(theirs) == numbers(answers_of(ours))


def test_a_folder_with_its_code_runs_the_installed_class_without_trust(
    measured_checkpoint, measured_table, tmp_path
):
    import transformers

    from emo_hub.pipelines import ZeroShotEmotionPipeline

    for folder in (measured_checkpoint, measured_table):
        staged = tmp_path / folder.parent.name
        stage_model(folder, staged, name="model", repo_id=REPO)
        assert TASK in json.loads((staged / "config.json").read_text())["custom_pipelines"]
        clf = transformers.pipeline(TASK, model=str(staged))
        assert type(clf) is ZeroShotEmotionPipeline
        assert clf(TEXTS[0], candidate_labels="joy, anger")["labels"]


def test_two_things_of_one_name_are_noticed(monkeypatch, tmp_path):
    package = tmp_path / "emo_hub"
    package.mkdir()
    (package / "first.py").write_text(
        "from emo_hub.second import start\n\ndef same():\n    pass\n"
        "def run():\n    same(); start()\n"
    )
    (package / "second.py").write_text("def same():\n    pass\ndef start():\n    same()\n")
    monkeypatch.setattr(carried, "_PACKAGE", package)
    monkeypatch.setattr(carried, "_START", ("emo_hub.first", "run"))
    with pytest.raises(ValueError, match="both have a same"):
        carried.carried_module()


# On the Hub


@pytest.fixture(scope="module")
def published(measured_checkpoint, measured_table, tmp_path_factory):
    """A Hub with a dual encoder and a model without a transformer, and what was published."""
    place = tmp_path_factory.mktemp("published")
    staged = []
    with LoopbackHub(place / "hub") as hub:
        owner = HfApi(hub.url, token=hub.write)
        for repo, folder in ((REPO, measured_checkpoint), ("emo/table", measured_table)):
            staged.append(place / repo)
            stage_model(folder, staged[-1], name=staged[-1].name, repo_id=repo)
            with without_xet():
                owner.create_repo(repo)
                owner.upload_folder(repo_id=repo, folder_path=staged[-1])
        yield hub, staged


@pytest.fixture(scope="module")
def alone(published, asked, tmp_path_factory):
    """What a process says that has the libraries and no emo_hub, first unasked, then with trust."""
    hub, _ = published
    home = tmp_path_factory.mktemp("alone")
    environment = hub.environment(home)
    environment.pop("PYTHONPATH", None)
    lines = f"""
import json
from transformers import pipeline
answer = {{"answers": []}}
try:
    pipeline("{TASK}", model="{REPO}")
except ValueError as error:
    answer["unasked"] = str(error)
texts, scored = json.load(open(sys.argv[1]))
for repo in ("{REPO}", "emo/table"):
    clf = pipeline("{TASK}", model=repo, trust_remote_code=True)
    answer["answers"].append([clf(texts, **how) for how in scored])
"""
    return answer_of(ALONE + lines, str(asked), cwd=home, environment=environment, seconds=_LONG)


def test_it_runs_where_emo_hub_is_not_installed(published, alone):
    from emo_hub.pipelines import pipeline

    assert alone["answers"] == numbers([answers_of(pipeline(model=one)) for one in published[1]])


def test_it_is_not_run_unasked(alone):
    assert "trust_remote_code=True" in alone["unasked"]


def test_with_emo_hub_the_installed_class_runs_and_nothing_remote_does(published, tmp_path):
    hub, _ = published
    lines = f"""
import sys
from transformers import pipeline  # before emo_hub, as some will
import emo_hub
answer = []
for repo in ("{REPO}", "emo/table"):
    for how in ({{}}, {{"trust_remote_code": True}}):
        clf = pipeline("{TASK}", model=repo, **how)
        answer.append(type(clf).__module__)
answer.append(type(emo_hub.pipeline(model="{REPO}")).__module__)
assert not [name for name in sys.modules if name.startswith("transformers_modules")]
"""
    found = answer_of(lines, cwd=tmp_path, environment=hub.environment(tmp_path), seconds=_LONG)
    assert found == ["emo_hub.pipelines.zero_shot"] * 5


def test_other_tasks_of_a_repository_still_ask_for_trust(tmp_path, tiny_base):
    """Only our own task is known to be installed."""
    import shutil

    from transformers import pipeline

    shutil.copytree(tiny_base, tmp_path / "other")
    path = tmp_path / "other" / "config.json"
    task = {"impl": "theirs.Pipeline", "pt": ["AutoModel"], "type": "text"}
    config = {**json.loads(path.read_text()), "custom_pipelines": {"their-task": task, TASK: task}}
    path.write_text(json.dumps(config))
    with pytest.raises(ValueError, match="trust_remote_code"):
        pipeline("their-task", model=str(tmp_path / "other"))


def test_an_encoder_without_its_head_is_refused_in_a_sentence(tiny_base):
    from transformers import AutoModel

    from emo_hub.errors import CheckpointError
    from emo_hub.pipelines import ZeroShotEmotionPipeline

    with pytest.raises(CheckpointError, match=r"no emotion_head\.json"):
        ZeroShotEmotionPipeline(model=AutoModel.from_pretrained(tiny_base))
