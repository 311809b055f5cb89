"""Texts a second and latency of the pipeline beside what a user would take instead, in one table.

Ways take turns in every round and medians are compared, so that a busy machine slows all alike;
nothing passes or fails by a clock. Weights of the rivals are random where a published model of the
same size cannot be had offline: time does not depend on them. EMO_HUB_BENCH_OUT names the folder of
the table, EMO_HUB_BENCH_TEXTS how many texts are read.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch

from emo_hub.modeling import EmotionModel
from emo_hub.pipelines import pipeline
from tests.conftest import benchmark_folder

pytestmark = pytest.mark.slow

LABEL_COUNTS = (4, 28, 128, 1000)
ROUNDS = int(os.environ.get("EMO_HUB_BENCH_ROUNDS", "5"))
COUNT = int(os.environ.get("EMO_HUB_BENCH_TEXTS", "2048"))
OUT = Path(os.environ.get("EMO_HUB_BENCH_OUT", "runs/bench"))
SINGLES = 400
TURN = 20
# A way that pays by label reads so few texts that a round takes a second.
SLOW_PAIRS = 256


def texts_of_the_bench():
    folder = benchmark_folder()
    if folder is not None:
        import pyarrow.parquet as pq

        found = pq.read_table(folder / "goemotions" / "test.parquet")["text"].to_pylist()
        return [text for text in found if text.strip()][:COUNT], "GoEmotions test"
    from emo_hub.exporting.proof import proof_texts

    own = list(proof_texts()[0])
    return (own * (COUNT // len(own) + 1))[:COUNT], "texts of the export's proof, repeated"


def names(count):
    return [f"mood {i}" for i in range(count)]


class Way:
    """One way of rating texts by labels."""

    def __init__(self, name, rate, *, by_label=False):
        self.name, self.rate, self.by_label = name, rate, by_label

    def share(self, texts, labels):
        return texts[: max(2, SLOW_PAIRS // len(labels))] if self.by_label else texts


def nli(model):
    from transformers import BertConfig, BertForSequenceClassification
    from transformers import pipeline as stock

    settings = model.config.to_dict() | {"num_labels": 3}
    config = BertConfig(**settings)
    config.id2label = {0: "contradiction", 1: "neutral", 2: "entailment"}
    config.label2id = {name: i for i, name in config.id2label.items()}
    judge = BertForSequenceClassification(config).eval()
    clf = stock("zero-shot-classification", model=judge, tokenizer=model.tokenizer)
    return Way(
        "transformers zero-shot-classification (a), MiniLM size, random weights",
        lambda texts, labels: clf(texts, labels, multi_label=True, batch_size=32),
        by_label=True,
    )


def gliclass_like(model):
    import copy

    import gliclass

    tokenizer = copy.deepcopy(model.tokenizer)
    marks = ["<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>"]
    tokenizer.add_special_tokens({"additional_special_tokens": marks})
    size = {"vocab_size": len(tokenizer), "max_position_embeddings": 8192}
    config = gliclass.GLiClassModelConfig(
        encoder_config=model.config.to_dict() | size,
        encoder_model="MiniLM",
        class_token_index=tokenizer.convert_tokens_to_ids("<<LABEL>>"),
        text_token_index=tokenizer.convert_tokens_to_ids("<<SEP>>"),
        architecture_type="uni-encoder",
        max_num_classes=max(LABEL_COUNTS),
    )
    judge = gliclass.GLiClassModel(config).eval()

    @torch.inference_mode()
    def rate(texts, labels):
        asked = "".join(f"<<LABEL>>{label}" for label in labels) + "<<SEP>>"
        for start in range(0, len(texts), 8):
            said = [text + asked for text in texts[start : start + 8]]
            batch = tokenizer(said, return_tensors="pt", padding=True)
            judge(**batch, max_num_classes=len(labels))

    return Way("GLiClass uni-encoder (b), MiniLM size, random weights", rate, by_label=True)


def sentence_encoder(folder):
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(folder), device="cpu")
    vectors = {}

    def rate(texts, labels):
        if len(labels) not in vectors:
            vectors[len(labels)] = encoder.encode(labels, batch_size=64)
        return encoder.encode(texts, batch_size=64) @ vectors[len(labels)].T

    return Way("sentence-transformers encode and dot product (c)", rate), encoder


def setfit(encoder):
    from setfit import SetFitModel
    from sklearn.linear_model import LogisticRegression

    generator = np.random.default_rng(0)
    heads = {}

    def rate(texts, labels):
        if len(labels) not in heads:
            rows = generator.standard_normal((2 * len(labels), 384))
            head = LogisticRegression(max_iter=2).fit(rows, list(range(len(labels))) * 2)
            heads[len(labels)] = SetFitModel(model_body=encoder, model_head=head)
        return heads[len(labels)].predict_proba(texts, batch_size=64)

    return Way("SetFit predict (d), head of random rows", rate)


def ours(name, clf):
    return Way(name, lambda texts, labels: clf(texts, candidate_labels=labels))


@pytest.fixture(scope="module")
def ways(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench") / "model"
    exact = EmotionModel.load()
    exact.save(folder)
    found = [ours("emo_hub, as it is by default", pipeline())]
    found += [ours("emo_hub, torch float32", pipeline(model=exact))]
    from importlib.util import find_spec

    from emo_hub.exporting import export_encoder

    for backend, module in (("openvino", "openvino"), ("onnx", "onnxruntime")):
        if find_spec(module) and find_spec("onnxscript"):
            export_encoder(str(folder), folder, backend, int8=backend == "onnx")
            found.append(ours(f"emo_hub, {backend}", pipeline(model=folder, backend=backend)))
    if find_spec("onnxruntime") and find_spec("onnxscript"):
        int8 = pipeline(model=folder, backend="onnx", precision="int8")
        found.append(ours("emo_hub, onnx int8", int8))
    stock, encoder = sentence_encoder(folder)
    found += [stock, setfit(encoder), nli(exact)]
    if find_spec("gliclass"):
        found.append(gliclass_like(exact))
    return found, exact


def rates(ways, texts):
    """Texts a second of each way by count of labels: medians of rounds in which all take turns."""
    found = {}
    for count in LABEL_COUNTS:
        labels, taken = names(count), {way.name: [] for way in ways}
        for number in range(ROUNDS + 1):
            for way in ways:
                share = way.share(texts, labels)
                start = time.perf_counter()
                way.rate(share, labels)
                if number:  # the first round is for warming up
                    taken[way.name].append(len(share) / (time.perf_counter() - start))
        for way in ways:
            found.setdefault(way.name, {})[count] = statistics.median(taken[way.name])
    return found


def latencies(ways, texts):
    """Milliseconds of one text by 28 labels: p50 and p99, ways taking turns with some texts each.

    A turn of one text would find its weights displaced from the processor's caches by those of all
    other ways, as nobody's is who uses one of them.
    """
    labels, taken = names(28), {way.name: [] for way in ways if not way.by_label}
    for first in range(0, SINGLES, TURN):
        for way in ways:
            if way.by_label:
                continue
            for text in texts[first : first + TURN]:
                start = time.perf_counter()
                way.rate([text], labels)
                taken[way.name].append(1000 * (time.perf_counter() - start))
    return {n: (np.percentile(t, 50), np.percentile(t, 99)) for n, t in taken.items()}


def machines_limit(model, texts):
    """Texts a second if nothing but the encoder's matrix products took time."""
    kind = torch.bfloat16 if torch.cpu._is_amx_tile_supported() else torch.float32
    left = torch.randn(2048, 384, dtype=kind)
    right = torch.randn(384, 1536, dtype=kind)
    torch.mm(left, right)
    taken = []
    for _ in range(40):
        start = time.perf_counter()
        for _ in range(10):
            torch.mm(left, right)
        taken.append((time.perf_counter() - start) / 10)
    rate = 2 * 2048 * 384 * 1536 / statistics.median(taken)
    lengths = [len(model.tokenize(text)["input_ids"]) for text in texts]
    inside = sum(p.numel() for n, p in model.backbone.encoder.named_parameters() if p.ndim == 2)
    size, layers = model.config.hidden_size, model.config.num_hidden_layers
    operations = np.mean([2 * inside * n + 4 * layers * size * n * n for n in lengths])
    return {
        "matrix rate, 10^9 operations/s": rate / 1e9,
        "number format": str(kind).removeprefix("torch."),
        "useful operations a text, 10^6": operations / 1e6,
        "tokens a text": float(np.mean(lengths)),
        "texts/s": rate / operations,
    }


def cold_start():
    """Seconds from an empty process to its first answer, and its peak memory in MB."""
    code = (
        "from emo_hub import pipeline; "
        "pipeline()('So you kept it all this time.', candidate_labels=['joy', 'grief']); "
        # What getrusage says begins with the memory of the process that started this one.
        "print(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1])"
    )
    taken, memory = [], 0.0
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        taken.append(time.perf_counter() - start)
        memory = int(done.stdout.split()[-1]) / 1024
    return statistics.median(taken), memory


def machine():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor()
    libraries = ("torch", "transformers", "sentence-transformers", "setfit")
    return {
        "processor": name,
        "cores": os.cpu_count(),
        "AMX": bool(torch.cpu._is_amx_tile_supported()),
        "threads of torch": torch.get_num_threads(),
        "load before": os.getloadavg()[0],
        "python": platform.python_version(),
        **{library: version(library) for library in libraries},
    }


def table(facts, speed, wait, limit, cold):
    first = next(iter(speed))
    lines = ["# Speed of the pipeline", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    lines += [f"- limit of the machine, {name}: {value}" for name, value in limit.items()]
    lines += [f"- cold start to the first answer: {cold[0]:.1f} s, peak {cold[1]:.0f} MB"]
    heads = " | ".join(f"{count} labels" for count in LABEL_COUNTS)
    lines += ["", f"| texts/s | {heads} | times {first}, 28 labels | one text: p50, p99 ms |"]
    lines += ["|---|" + "---|" * (len(LABEL_COUNTS) + 2)]
    for name, row in speed.items():
        rates_of_it = " | ".join(f"{row[count]:,.1f}" for count in LABEL_COUNTS)
        slower = row[28] / speed[first][28]
        own = wait.get(name)
        ms = f"{own[0]:.1f}, {own[1]:.1f}" if own else "pays by label"
        lines.append(f"| {name} | {rates_of_it} | {slower:.3f} | {ms} |")
    return "\n".join(lines) + "\n"


def test_the_pipeline_beside_its_alternatives(ways):
    ways, exact = ways
    texts, source = texts_of_the_bench()
    facts = {**machine(), "texts": f"{len(texts)} of {source}", "rounds": ROUNDS}
    speed = rates(ways, texts)
    wait = latencies(ways, texts)
    limit, cold = machines_limit(exact, texts[:512]), cold_start()
    facts["peak memory of this run, MB"] = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    )
    text = table(facts, speed, wait, limit, cold)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "pipeline_speed.md").write_text(text)
    found = {"facts": facts, "texts/s": speed, "ms": wait, "limit": limit, "cold": cold}
    (OUT / "pipeline_speed.json").write_text(json.dumps(found, indent=1, default=float))
    print("\n" + text)
    assert all(np.isfinite(rate) for row in speed.values() for rate in row.values())
