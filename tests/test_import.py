"""Importing emo_hub is light, and changes nothing but the names it registers."""

from __future__ import annotations

import subprocess
import sys

import pytest


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


def test_tasks_are_known_whichever_is_imported_first():
    for order in ("import emo_hub, transformers", "import transformers, emo_hub"):
        code = (
            f"{order}\nfrom transformers.pipelines import PIPELINE_REGISTRY as r\n"
            "print({'zero-shot-emotion', 'contextual-emotion'} <= set(r.get_supported_tasks()))"
        )
        assert run(code).endswith("True")


def test_tasks_are_known_where_pipelines_were_imported_before():
    code = (
        "from transformers.pipelines import PIPELINE_REGISTRY as r\nimport emo_hub\n"
        "print({'zero-shot-emotion', 'contextual-emotion'} <= set(r.get_supported_tasks()))"
    )
    assert run(code).endswith("True")


def test_other_tasks_stay_as_they_were():
    code = (
        "from transformers.pipelines import PIPELINE_REGISTRY as r\n"
        "before = dict(r.supported_tasks)\nimport emo_hub\n"
        "ours = ('zero-shot-emotion', 'contextual-emotion')\n"
        "print({k: v for k, v in r.supported_tasks.items() if k not in ours} == before)"
    )
    assert run(code).endswith("True")


ALIAS = "import emo_hub\nfrom datasets import load_dataset\n"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """One place for the embedded corpus, which takes a while to build."""
    return str(tmp_path_factory.mktemp("cache"))


def test_dataset_name_loads_anywhere(tmp_path, cache):
    code = ALIAS + "print({k: len(v) for k, v in load_dataset('emo-pillars').items()})"
    out = run(code, cwd=tmp_path, EMO_HUB_CACHE=cache)
    assert "'train'" in out
    assert "'validation'" in out
    assert "'test'" in out


def test_every_config_loads_by_the_alias(tmp_path, cache):
    code = ALIAS + (
        "from datasets import get_dataset_config_names\n"
        "names = get_dataset_config_names('emo-pillars')\n"
        "print([n for n in names if len(load_dataset('emo-pillars', n, split='train'))])"
    )
    out = run(code, cwd=tmp_path, EMO_HUB_CACHE=cache)
    assert out.splitlines()[-1] == "['contextless', 'contextual', 'descriptors', 'narratives']"


def test_a_folder_of_that_name_wins_over_the_alias(tiny_corpus, tmp_path):
    code = ALIAS + "print(len(load_dataset('emo-pillars', split='train')))"
    out = run(code, cwd=tiny_corpus.parent, HF_DATASETS_CACHE=str(tmp_path))
    assert out.splitlines()[-1] == "60"


def test_label_names_survive(tmp_path, cache):
    code = ALIAS + (
        "d = load_dataset('emo-pillars', split='test')\n"
        "print(d.features['labels'].feature.int2str(2))"
    )
    out = run(code, cwd=tmp_path, EMO_HUB_CACHE=cache)
    assert out.splitlines()[-1] == "anger"


def test_alias_streams(tmp_path, cache):
    code = ALIAS + (
        "d = load_dataset('emo-pillars', split='train', streaming=True)\n"
        "print({'arousal', 'utterance', 'looks'} <= set(next(iter(d))))"
    )
    out = run(code, cwd=tmp_path, EMO_HUB_CACHE=cache)
    assert out.splitlines()[-1] == "True"


def test_pinned_version_of_this_release_is_the_embedded_one(tmp_path, cache):
    code = ALIAS + (
        "from emo_hub.embedded import embedded_version\n"
        "print(len(load_dataset('emo-pillars', split='test', revision=embedded_version())) > 0)"
    )
    out = run(code, cwd=tmp_path, EMO_HUB_CACHE=cache)
    assert out.splitlines()[-1] == "True"


def test_another_version_is_looked_for_on_the_hub(tmp_path):
    code = ALIAS + (
        "try:\n    load_dataset('emo-pillars', revision='v9.9.9')\n"
        "except Exception as error:\n    print('emo-hub/emo-pillars' in str(error))"
    )
    assert run(code, cwd=tmp_path).splitlines()[-1].endswith("True")


def test_the_namespace_says_whose_dataset_is_meant(tmp_path):
    code = ALIAS + (
        "try:\n    load_dataset('emo-pillars')\n"
        "except Exception as error:\n    print(type(error).__name__, error)"
    )
    out = run(code, cwd=tmp_path, EMO_HUB_NAMESPACE="me").splitlines()[-1]
    assert out.startswith("DataError me/emo-pillars cannot be loaded")


def test_without_network_and_cache_it_is_said_how_to_come_by_the_corpus(tmp_path):
    code = ALIAS + (
        "try:\n    load_dataset('emo-pillars', revision='v9.9.9')\n"
        "except Exception as error:\n    print(error)"
    )
    out = run(code, cwd=tmp_path, HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path / "home"))
    said = out.splitlines()[-1]
    assert said.startswith("emo-hub/emo-pillars at v9.9.9 cannot be loaded")
    assert "emo-hub corpus build" in said
    assert "EMO_HUB_NAMESPACE" in said


def test_other_names_resolve_as_before(tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"x": 1}\n{"x": 2}\n')
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "train.csv").write_text("x\n5\n")
    code = ALIAS + (
        "print(load_dataset('json', data_files='rows.jsonl', split='train')['x'][:])\n"
        "print(load_dataset('mine', split='train')['x'][:])\n"
        "try:\n    load_dataset('nobody/nothing')\n"
        "except Exception as error:\n    print('nobody/nothing' in str(error))"
    )
    assert run(code, cwd=tmp_path).splitlines()[-3:] == ["[1, 2]", "[5]", "True"]
