"""The dual encoder: the one place where text and context become tokens and logits become scores.

Letters used in shapes throughout the package: B batch, T tokens, D embedding, L labels,
C candidate labels, N examples.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from emo_hub import checkpoint as files
from emo_hub import tensors
from emo_hub.batching import TokenReader, batches, tokens_a_batch
from emo_hub.calibration import Floats, LabelOffsets, NullMoments, sigmoid, softmax
from emo_hub.errors import CheckpointError, InputError
from emo_hub.inputs import paired
from emo_hub.label_vectors import LabelVectors
from emo_hub.learnt import LearntLabels, read_learnt, write_learnt
from emo_hub.loading import read_encoder
from emo_hub.pictographs import read_twice
from emo_hub.pooling import mean_pool, vad_from
from emo_hub.readings import LabelReader
from emo_hub.runtimes import Backend, Precision, Runtime, choose, look_at, open_runtime
from emo_hub.runtimes.opening import quickest, reduced, torch_runtime
from emo_hub.scoring import KeptScorers, LinearScorer, Scoring
from emo_hub.static import StaticBackbone, StaticReader

_log = logging.getLogger(__name__)


class EmotionModel(nn.Module):
    """A text encoder and a label encoder in one set of weights, with the head that scores them.

    `EmotionModel.load()` gives the embedded default, `EmotionModel.load(path_or_repo)` any other
    checkpoint. Texts, contexts and labels go in as strings; numpy arrays come out.
    """

    vad_weight: Tensor
    vad_bias: Tensor

    def __init__(
        self,
        backbone: PreTrainedModel | StaticBackbone,
        tokenizer: Any,  # noqa: ANN401
        head: files.Head,
        vad: tuple[Tensor, Tensor] | None,
        moments: NullMoments | None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.tokenizer = tokenizer
        self.head = head
        self.moments = moments
        self.offsets: LabelOffsets | None = None
        self.learnt: LearntLabels | None = None
        self._reader: StaticReader | None = None
        if isinstance(backbone, StaticBackbone):
            self._reader = StaticReader(backbone, tokenizer, head.max_tokens)
        self.config = backbone.config
        self.name = "emo_hub"
        if vad is not None:
            self.register_buffer("vad_weight", vad[0].float())
            self.register_buffer("vad_bias", vad[1].float())
        self.has_vad = vad is not None
        self.folder: Path | None = None
        self._reduced: nn.Module | None = None
        self.run_on("torch", "float32")
        self.eval()

    @classmethod
    def load(
        cls,
        name_or_path: str | Path | None = None,
        *,
        device: str | torch.device = "cpu",
        backend: Backend = "torch",
        precision: Precision = "float32",
        **download: Any,  # noqa: ANN401
    ) -> EmotionModel:
        """Load a checkpoint from a folder or from the Hub; the embedded default when none is named.

        Args:
            name_or_path: the folder, the repository, or "default".
            device: where the weights go.
            backend: what encodes texts: torch, an exported file in onnx or openvino, or the nano
                model in the checkpoint's subfolder of that name. "auto" looks at the hardware, at
                what is installed and at the files that are there, and logs what it takes.
            precision: of the numbers inside the encoder; "auto" takes bfloat16 where the hardware
                multiplies it faster.
            download: for a repository: revision, token, cache_dir, local_files_only.

        Raises:
            CheckpointError: a file is missing or damaged; the message names it.
            ImportError: the backend's library is not installed.
        """
        from emo_hub.registration import default_model_folder

        embedded = name_or_path in (None, "default")
        named = str(default_model_folder() if embedded else name_or_path)
        folder = files.locate(named, **download)
        if backend == "nano" and (folder / "nano" / files.HEAD_FILE).is_file():
            folder = folder / "nano"
        head = files.read_head(folder)
        tokenizer, backbone = read_encoder(folder, head)
        vad, moments = tensors.read_vad(folder), tensors.read_moments(folder)
        model = cls(backbone, tokenizer, head, vad, moments)
        model.offsets = tensors.read_offsets(folder, head.trained_labels)
        model.learnt = read_learnt(folder)
        model.name, model.folder = "emo_hub default" if embedded else named, folder
        model.to(device)
        model.run_on(backend, precision)
        return model

    @classmethod
    def from_pretrained(cls, name_or_path: str, **kwargs: Any) -> EmotionModel:  # noqa: ANN401
        """Load as transformers' `pipeline()` asks for it.

        Options of the Hub, backend, precision and dtype count; the latter three are "auto".
        """
        dtype = kwargs.get("dtype")
        number = str(dtype).removeprefix("torch.") if isinstance(dtype, torch.dtype) else "auto"
        return cls.load(
            name_or_path,
            backend=kwargs.get("backend", "auto"),
            precision=kwargs.get("precision", number),
            **{k: kwargs[k] for k in files.DOWNLOAD if kwargs.get(k)},
        )

    def run_on(self, backend: Backend = "auto", precision: Precision = "auto") -> None:
        """Choose what encodes texts from now on; see `load`.

        Raises:
            InputError: backend and precision do not go together, or with this checkpoint.
            CheckpointError: the exported file is missing or damaged.
            ImportError: the backend's library is not installed.
        """
        self.asked = (backend, precision)
        self._scorers = KeptScorers()
        self._labels = LabelVectors(lambda ways: self.encode_texts(ways))
        if self._reader is not None:
            if backend not in ("auto", "nano", "torch") or precision not in ("auto", "float32"):
                asked = f"backend {backend} and precision {precision}"
                raise InputError(f"{self.name} is a nano model, always in float32; got {asked}.")
            self.runs_on = "nano float32"
            return
        self._reduced, self.runs_on = None, "torch float32"
        self._runtime: Runtime = torch_runtime(lambda: self._reduced or self.backbone)
        if backend == "torch" and precision == "float32":
            return
        folder = self.folder or Path()
        choice = choose(backend, precision, look_at(folder, self.device), folder)
        if choice.file is not None:
            self._runtime = open_runtime(choice, folder)
        elif choice.precision == "bfloat16":
            self._reduced = reduced(self.backbone)
        else:
            self._runtime = torch_runtime(quickest(self.backbone))
        self.runs_on = str(choice)
        _log.info("%s runs on %s.", self.name, self.runs_on)

    def save(self, folder: Path) -> None:
        """Write the whole checkpoint, an adapter merged, in the sentence-transformers layout.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.backbone.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        if self._reader is not None:
            self._reader.write_sentence_transformers_layout(folder)
        else:
            size, longest = int(self.config.hidden_size), self.head.max_tokens
            files.write_sentence_transformers_layout(folder, dimension=size, max_tokens=longest)
        self.save_head(folder, dataclasses.replace(self.head, adapter=None))

    def save_head(self, folder: Path, head: files.Head) -> None:
        """Write what turns vectors into scores, without the encoder, in place of an older head.

        Raises:
            OSError: the folder cannot be written.
        """
        files.write_head(head, folder)
        tensors.clear_head(folder)
        if self.moments is not None:
            tensors.write_moments(self.moments, folder)
        if self.offsets is not None:
            tensors.write_offsets(self.offsets, folder)
        if self.learnt is not None:
            write_learnt(self.learnt, folder)
        if self.has_vad:
            tensors.write_vad(self.vad_weight, self.vad_bias, folder)
        tensors.make_readable(folder)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.backbone.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The weights' number format."""
        return next(self.backbone.parameters()).dtype

    def forward(self, **inputs: Tensor) -> Tensor:
        """Encode tokenised input to unit vectors (B, D), by the weights as they are."""
        hidden = self.backbone(**inputs).last_hidden_state
        return mean_pool(hidden.float(), inputs["attention_mask"])

    def tokenize(self, text: str, context: str | None = None) -> dict[str, list[int]]:
        """Turn one text, after what came before it, into token ids; see `TokenReader`.

        Raises:
            InputError: the text is not a string or is empty.
        """
        found = TokenReader(self.tokenizer, self.head.max_tokens).read([(text, context)])
        return {name: lists[0] for name, lists in found.items()}

    def encode_texts(
        self,
        texts: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        batch_size: int | None = None,
    ) -> Floats:
        """Encode texts to unit vectors (N, D), each after its context where it has one.

        Inputs of like length share a batch, of `batch_size` texts or, for None, of a number of
        tokens that suits the device. Emoji are read as words; see `pictographs`.

        Raises:
            InputError: a text is not a string or is empty, or there are not as many contexts.
        """
        asked = read_twice(paired(texts, contexts), self.head.max_tokens)
        if self._reader is not None:
            return asked.halfway(self._reader.encode(asked.pairs))
        vectors = np.zeros((len(asked.pairs), self.config.hidden_size), np.float32)
        tokens = TokenReader(self.tokenizer, self.head.max_tokens).read(asked.pairs)
        for rows, batch in batches(self.tokenizer, tokens, batch_size, tokens_a_batch(self.device)):
            vectors[rows] = self._runtime(batch)
        return asked.halfway(vectors)

    def encode_labels(
        self,
        labels: Sequence[str],
        descriptions: Mapping[str, str] | None = None,
        *,
        competing: bool = False,
    ) -> Floats:
        """Encode labels to unit vectors (C, D), each the mean of the ways of saying it.

        A label that the lexicon knows brings its ways; a free one is read through the templates of
        the head. A description, where the caller gives one, is one more way. The vector of a
        negated label points away from what it negates. Vectors are cached.

        Labels of training that are competing are read in every way too, so that all labels of a
        contest are read alike.

        Raises:
            InputError: a label is not a string, or has no letter, digit or emoji.
        """
        return self._labels.of(labels, descriptions, self.reader, competing=competing)

    @property
    def _scoring(self) -> Scoring:
        return Scoring(self.head, self.moments, self.reader, self.offsets, self.learnt)

    @property
    def reader(self) -> LabelReader:
        """What turns typed labels into phrases here."""
        return LabelReader(self.head.templates, self.head.trained_labels)

    def raw_logits(self, texts: Floats, labels: Floats) -> Floats:
        """Compare text vectors (N, D) with label vectors (C, D): scale * cosine + bias, (N, C)."""
        return self._scoring.raw(labels).logits(texts)

    def logits(self, texts: Floats, vectors: Floats, labels: Sequence[str]) -> Floats:
        """Compare text vectors (N, D) with label vectors (C, D) to calibrated logits (N, C).

        A negated label gets the negative of what it negates.
        """
        return self._scoring.rating(vectors, labels).logits(texts)

    def competing_logits(self, texts: Floats, vectors: Floats, labels: Sequence[str]) -> Floats:
        """Compare text vectors (N, D) with label vectors (C, D) for a contest, softmax over C.

        Only how far a label stands out counts here: labels that were rare or absent in training
        have means and spreads of their own, which would decide the contest before it begins.
        """
        return self._scoring.contest(vectors, labels).logits(texts)

    def scorer(
        self,
        labels: Sequence[str],
        descriptions: Mapping[str, str] | None = None,
        *,
        competing: bool = False,
    ) -> LinearScorer:
        """Give what turns text vectors into the logits of these labels; the last ones are kept.

        Labels are rated each by itself, or, competing, for a softmax over them; see
        `encode_labels`.
        """

        def make() -> LinearScorer:
            vectors = self.encode_labels(labels, descriptions, competing=competing)
            scoring = self._scoring
            return (scoring.contest if competing else scoring.rating)(vectors, labels)

        told = () if descriptions is None else tuple(descriptions.items())
        return self._scorers.get(self._scoring, (tuple(labels), told, competing), make)

    def score(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        multi_label: bool = True,
    ) -> Floats:
        """Give the probability (N, C), in [0, 1], that each text expresses each label.

        Labels are rated each by itself, or, without `multi_label`, against each other, so that a
        text's scores sum to one.
        """
        scorer = self.scorer(labels, competing=not multi_label)
        logits = scorer.logits(self.encode_texts(texts, contexts))
        return sigmoid(logits) if multi_label else softmax(logits)

    def thresholds(self, labels: Sequence[str]) -> Floats:
        """Give the score (C,) from which each label counts; fitted on the teacher's labels."""
        return self._scoring.thresholds(labels)

    def dimensions(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> Floats | None:
        """Give valence, arousal, dominance (N, 3), each 1..5; None where the head is absent."""
        return self.read_vad(self.encode_texts(texts, contexts)) if self.has_vad else None

    def read_vad(self, embeddings: Floats) -> Floats:
        """Give valence, arousal, dominance (N, 3), each 1..5, of text vectors (N, D).

        Raises:
            CheckpointError: this checkpoint has no such head.
        """
        if not self.has_vad:
            raise CheckpointError(f"{self.name} rates no valence: it has no vad_head.safetensors.")
        with torch.inference_mode():
            vectors = torch.from_numpy(embeddings).to(self.device)
            found: Floats = vad_from(vectors, self.vad_weight, self.vad_bias).cpu().numpy()
        return found
