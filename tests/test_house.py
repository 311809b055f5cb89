"""The house keeps its floors: imports go down, rooms stay apart, nothing is unpickled."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "emo_hub"
MODULES = sorted(PACKAGE.rglob("*.py"))
# Lower floors first. A module may import from lower floors, and within its own room.
FLOORS = [
    {"version", "errors", "taxonomy", "records", "config", "calibration", "registration", "inputs"}
    | {"readings", "phrasebook", "palette", "spreadsheets", "durable", "matching"}
    | {"pictographs"},
    {"teacher", "dataset", "metrics", "cards", "checkpoint", "agreement", "tensors", "lineage"}
    | {"pairs", "classifier_settings", "pooling", "batching", "label_vectors", "scoring", "learnt"},
    {"static"},
    {"runtimes", "loading"},
    {"modeling", "classifier"},
    {"explaining"},
    {"synthesis", "training", "evaluation", "pipelines", "space", "rating", "fewshot"}
    | {"exporting"},
    {"embedded", "measurement", "learning_curves", "model_card", "predicting"},
    {"publishing"},
    {"quickstart", "versions", "adaptation"},
    {"cli"},
    {"__main__", "__init__"},
]
# What is looked up only when a name is used, not when a module is imported.
LAZY = {("registration", "modeling"), ("registration", "pipelines"), ("registration", "embedded")}


def room(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("emo_hub"):
            names = (node.module or "").split(".")[1:]
            yield from [names[0]] if names else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("emo_hub."):
                    yield alias.name.split(".")[1]


def floor(name):
    return next(i for i, names in enumerate(FLOORS) if name in names)


def test_every_room_stands_on_a_floor():
    assert {room(path) for path in MODULES} <= set().union(*FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down_or_stay_in_the_room(path):
    here = room(path)
    bad = [
        there
        for there in imports(path)
        if there != here
        and (here, there) not in LAZY
        and floor(there) >= floor(here)
        and not (floor(here) == floor(there) == 0)
        and not (floor(here) == floor(there) == 1)
    ]
    assert not bad, f"{here} imports {bad}"


def test_ground_floors_have_no_cycles():
    for level in (0, 1):
        edges = {name: set() for name in FLOORS[level]}
        for path in MODULES:
            if room(path) in edges:
                found = set(imports(path)) & FLOORS[level] - {room(path)}
                edges[room(path)] |= {t for t in found if (room(path), t) not in LAZY}
        while edges:
            free = {name for name, needs in edges.items() if not needs & edges.keys()}
            assert free, f"a cycle among {sorted(edges)}"
            edges = {name: needs for name, needs in edges.items() if name not in free}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_stay_small(path):
    assert len(path.read_text().splitlines()) <= 360


def test_nothing_unpickles_and_nothing_trusts_remote_code():
    for path in MODULES:
        text = path.read_text()
        for word in ("pickle.load", "torch.load(", "trust_remote_code=True"):
            assert word not in text, f"{path.name}: {word}"
