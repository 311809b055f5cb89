"""Importing emo_hub is light, and changes nothing but the names it registers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from .test_build import record_small


def run(code, cwd=None, **environment):
    import os

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), **environment},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_import_loads_no_heavy_library():
    heavy = "{'torch', 'transformers', 'datasets', 'numpy', 'pydantic', 'gradio'}"
    assert run(f"import sys, emo_hub; print(sorted({heavy} & set(sys.modules)))") == "[]"


def test_import_changes_no_environment_logging_or_warnings():
    code = (
        "import os, logging, warnings\n"
        "before = (dict(os.environ), list(logging.root.handlers), list(warnings.filters))\n"
        "import emo_hub\n"
        "after = (dict(os.environ), list(logging.root.handlers), list(warnings.filters))\n"
        "print(before == after)"
    )
    assert run(code) == "True"


@pytest.fixture(scope="module")
def tasks():
    """What became of the tasks of a process that had imported pipelines before."""
    code = (
        "import json\nfrom transformers.pipelines import PIPELINE_REGISTRY as r\n"
        "before = dict(r.supported_tasks)\nimport emo_hub\n"
        "ours = ('zero-shot-emotion', 'contextual-emotion')\n"
        "others = {k: v for k, v in r.supported_tasks.items() if k not in ours}\n"
        "print(json.dumps({'known': r.get_supported_tasks(), 'as before': others == before}))"
    )
    return json.loads(run(code).splitlines()[-1])


def test_tasks_are_known_where_pipelines_were_imported_before(tasks):
    assert {"zero-shot-emotion", "contextual-emotion"} <= set(tasks["known"])


def test_tasks_are_known_whichever_is_imported_first(loaded):
    code = (
        "import transformers, emo_hub\nfrom transformers.pipelines import PIPELINE_REGISTRY as r\n"
        "print({'zero-shot-emotion', 'contextual-emotion'} <= set(r.get_supported_tasks()))"
    )
    assert run(code).endswith("True")
    # That process imported emo_hub before any other library.
    assert {"zero-shot-emotion", "contextual-emotion"} <= set(loaded["tasks"])


def test_other_tasks_stay_as_they_were(tasks):
    assert tasks["as before"]


ALIAS = "import emo_hub\nfrom datasets import load_dataset\n"


# One process answers for several tests: its imports take longer than all that it loads.
LOADED = """
import json
import emo_hub
from datasets import get_dataset_config_names, load_dataset
from emo_hub.embedded import embedded_version

def failure(*words, **more):
    try:
        load_dataset(*words, **more)
    except Exception as error:
        return str(error)

test = load_dataset("emo-pillars", split="test")
streamed = load_dataset("emo-pillars", split="train", streaming=True)
told = {
    "splits": {name: len(split) for name, split in load_dataset("emo-pillars").items()},
    "configs": {
        name: len(load_dataset("emo-pillars", name, split="train"))
        for name in get_dataset_config_names("emo-pillars")
    },
    "label": test.features["labels"].feature.int2str(2),
    "streamed": list(next(iter(streamed))),
    "pinned": len(load_dataset("emo-pillars", split="test", revision=embedded_version())),
    "another version": failure("emo-pillars", revision="v9.9.9"),
    "json": load_dataset("json", data_files="rows.jsonl", split="train")["x"][:],
    "folder": load_dataset("mine", split="train")["x"][:],
    "nobody": failure("nobody/nothing"),
}
import transformers
from transformers.pipelines import PIPELINE_REGISTRY
told["tasks"] = PIPELINE_REGISTRY.get_supported_tasks()
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def loaded(corpus, tmp_path_factory):
    """What a process without network loads by names, with nothing in its cache but our corpus."""
    from emo_hub.synthesis.build import fingerprint_of
    from emo_hub.teacher import PACKAGED_RECORDINGS

    here = tmp_path_factory.mktemp("here")
    (here / "rows.jsonl").write_text('{"x": 1}\n{"x": 2}\n')
    (here / "mine").mkdir()
    (here / "mine" / "train.csv").write_text("x\n5\n")
    cache = tmp_path_factory.mktemp("cache")
    shutil.copytree(corpus, cache / fingerprint_of(PACKAGED_RECORDINGS)[:16] / "emo-pillars")
    home = tmp_path_factory.mktemp("home")
    out = run(LOADED, cwd=here, EMO_HUB_CACHE=str(cache), HF_HOME=str(home), HF_HUB_OFFLINE="1")
    return json.loads(out.splitlines()[-1])


def test_dataset_name_loads_anywhere(loaded):
    assert set(loaded["splits"]) == {"train", "validation", "test"}


@pytest.mark.slow
def test_dataset_name_loads_with_an_empty_cache(tmp_path):
    code = ALIAS + "print({k: len(v) for k, v in load_dataset('emo-pillars').items()})"
    out = run(code, cwd=tmp_path, EMO_HUB_CACHE=str(tmp_path / "cache"))
    assert "'train'" in out
    assert "'validation'" in out
    assert "'test'" in out


def test_embedded_corpus_is_built_at_the_first_call_and_found_at_the_next(tmp_path, monkeypatch):
    from emo_hub.embedded import embedded_corpus

    # Few recordings in the place of those that ship, whose build is tried in a slow test.
    recordings = record_small(tmp_path / "r")
    for module in ("embedded", "synthesis.build"):
        monkeypatch.setattr(f"emo_hub.{module}.PACKAGED_RECORDINGS", recordings)
    monkeypatch.setenv("EMO_HUB_CACHE", str(tmp_path / "cache"))
    made = embedded_corpus() / "corpus.json"
    told = made.stat()
    assert embedded_corpus() / "corpus.json" == made
    assert made.stat().st_mtime_ns == told.st_mtime_ns
    assert made.is_relative_to(tmp_path / "cache")


def test_every_config_loads_by_the_alias(loaded):
    assert list(loaded["configs"]) == ["contextless", "contextual", "descriptors", "narratives"]
    assert all(loaded["configs"].values())


def test_a_folder_of_that_name_wins_over_the_alias(tiny_corpus, tmp_path):
    code = ALIAS + "print(len(load_dataset('emo-pillars', split='train')))"
    out = run(code, cwd=tiny_corpus.parent, HF_DATASETS_CACHE=str(tmp_path))
    assert out.splitlines()[-1] == "60"


def test_label_names_survive(loaded):
    assert loaded["label"] == "anger"


def test_alias_streams(loaded):
    assert {"arousal", "utterance", "looks"} <= set(loaded["streamed"])


def test_pinned_version_of_this_release_is_the_embedded_one(loaded):
    assert loaded["pinned"] == loaded["splits"]["test"] > 0


def test_another_version_is_looked_for_on_the_hub(loaded):
    assert "emo-hub/emo-pillars" in loaded["another version"]


def test_the_namespace_says_whose_dataset_is_meant(tmp_path):
    code = ALIAS + (
        "try:\n    load_dataset('emo-pillars')\n"
        "except Exception as error:\n    print(type(error).__name__, error)"
    )
    out = run(code, cwd=tmp_path, EMO_HUB_NAMESPACE="me").splitlines()[-1]
    assert out.startswith("DataError me/emo-pillars cannot be loaded")


def test_without_network_and_cache_it_is_said_how_to_come_by_the_corpus(loaded):
    said = loaded["another version"]
    assert said.startswith("emo-hub/emo-pillars at v9.9.9 cannot be loaded")
    assert "emo-hub corpus build" in said
    assert "EMO_HUB_NAMESPACE" in said


def test_other_names_resolve_as_before(loaded):
    assert (loaded["json"], loaded["folder"]) == ([1, 2], [5])
    assert "nobody/nothing" in loaded["nobody"]
