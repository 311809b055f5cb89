"""The dual encoder: the one place where text and context become tokens and logits become scores.

Letters used in shapes throughout the package: B batch, T tokens, D embedding, L labels,
C candidate labels, N examples.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModel, AutoTokenizer, PreTrainedModel

from emo_hub import checkpoint as files
from emo_hub import tensors
from emo_hub.calibration import Floats, NullMoments, sigmoid, softmax
from emo_hub.errors import CheckpointError, InputError
from emo_hub.inputs import CHARACTERS_PER_TOKEN, check_text, checked_label, paired
from emo_hub.readings import LabelReader
from emo_hub.static import StaticBackbone, StaticReader, is_static

_LABEL_CACHE = 8192  # label vectors kept: 12 MiB at D = 384


def mean_pool(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    """Average token vectors (B, T, D) over what is not padding, to unit vectors (B, D)."""
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    pooled = (hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
    return F.normalize(pooled, dim=-1)


def vad_from(embeddings: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Read valence, arousal, dominance (B, 3) off unit text vectors (B, D), kept within 1..5."""
    return 1.0 + 4.0 * torch.sigmoid(F.linear(embeddings, weight, bias))


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
        self._reader: StaticReader | None = None
        if isinstance(backbone, StaticBackbone):
            self._reader = StaticReader(backbone, tokenizer, head.max_tokens)
        self.config = backbone.config
        self.name = "emo_hub"
        if vad is not None:
            self.register_buffer("vad_weight", vad[0].float())
            self.register_buffer("vad_bias", vad[1].float())
        self.has_vad = vad is not None
        self._label_vectors: OrderedDict[tuple[str, str | None, bool], Floats] = OrderedDict()
        self.eval()

    @classmethod
    def load(
        cls,
        name_or_path: str | Path | None = None,
        *,
        device: str | torch.device = "cpu",
        **download: Any,  # noqa: ANN401
    ) -> EmotionModel:
        """Load a checkpoint from a folder or from the Hub; the embedded default when none is named.

        Args:
            name_or_path: the folder or the repository.
            device: where the weights go.
            download: for a repository: revision, token, cache_dir, local_files_only.

        Raises:
            CheckpointError: a file is missing or damaged; the message names it.
        """
        from emo_hub.registration import default_model_folder

        source = default_model_folder() if name_or_path is None else name_or_path
        folder = files.locate(source, **download)
        head = files.read_head(folder)
        base = folder if head.adapter is None else files.base_folder(head.base)
        try:
            tokenizer = AutoTokenizer.from_pretrained(base)
            static = StaticBackbone.from_pretrained(base) if is_static(base) else None
            backbone = static or AutoModel.from_pretrained(base, dtype=torch.float32)
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise CheckpointError(f"The encoder in {base} does not load: {error}") from error
        if head.adapter is not None:
            files.check_base(base, head.adapter)
            files.merge_adapter(backbone, folder, head.adapter)
        model = cls(
            backbone, tokenizer, head, tensors.read_vad(folder), tensors.read_moments(folder)
        )
        model.name = "emo_hub default" if name_or_path is None else str(source)
        return model.to(device)

    @classmethod
    def from_pretrained(cls, name_or_path: str, **kwargs: Any) -> EmotionModel:  # noqa: ANN401
        """Load as transformers' `pipeline()` asks for it; options of the Hub and dtype count."""
        known = ("revision", "token", "cache_dir", "local_files_only")
        model = cls.load(name_or_path, **{k: kwargs[k] for k in known if kwargs.get(k)})
        dtype = kwargs.get("dtype")
        if isinstance(dtype, torch.dtype):
            # The head stays in full precision: it is small, and what is read off it is printed.
            model.backbone.to(dtype)  # type: ignore[arg-type]
        return model

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
            files.write_sentence_transformers_layout(
                folder, dimension=int(self.config.hidden_size), max_tokens=self.head.max_tokens
            )
        self.save_head(folder, dataclasses.replace(self.head, adapter=None))

    def save_head(self, folder: Path, head: files.Head) -> None:
        """Write what turns vectors into scores, without the encoder.

        Raises:
            OSError: the folder cannot be written.
        """
        files.write_head(head, folder)
        if self.moments is not None:
            tensors.write_moments(self.moments, folder)
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
        """Encode tokenised input to unit vectors (B, D)."""
        hidden = self.backbone(**inputs).last_hidden_state
        return mean_pool(hidden.float(), inputs["attention_mask"])

    def tokenize(self, text: str, context: str | None = None) -> dict[str, list[int]]:
        """Turn one text, after what came before it, into token ids.

        A context too long to fit loses its beginning; the text itself is cut only where it alone
        exceeds the limit.

        Raises:
            InputError: the text is not a string or is empty.
        """
        check_text(text)
        longest = self.head.max_tokens
        room = longest * CHARACTERS_PER_TOKEN
        alone = self.tokenizer(text[:room], truncation=True, max_length=longest)
        before = self._last_tokens(context, longest - len(alone["input_ids"]) - 1)
        if not before:
            return dict(alone)
        both = self.tokenizer(before, text[:room], truncation="only_first", max_length=longest)
        return dict(both)

    def _last_tokens(self, context: str | None, count: int) -> str:
        """Cut a context to its last so many tokens, in its own letters."""
        if not context or not context.strip() or count < 1:
            return ""
        end = context[-self.head.max_tokens * CHARACTERS_PER_TOKEN :]
        encoded = self.tokenizer(end, add_special_tokens=False, return_offsets_mapping=True)
        offsets = encoded["offset_mapping"]
        return end[offsets[-count][0] :] if len(offsets) > count else end

    @torch.inference_mode()
    def encode_texts(
        self,
        texts: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        batch_size: int = 64,
    ) -> Floats:
        """Encode texts to unit vectors (N, D), each after its context where it has one.

        Raises:
            InputError: a text is not a string or is empty, or there are not as many contexts.
        """
        pairs = paired(texts, contexts)
        if self._reader is not None:
            return self._reader.encode(pairs)
        tokens = [self.tokenize(text, context) for text, context in pairs]
        order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]["input_ids"]))
        vectors = np.zeros((len(tokens), self.config.hidden_size), dtype=np.float32)
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = self.tokenizer.pad([tokens[i] for i in rows], return_tensors="pt")
            vectors[rows] = self(**batch.to(self.device)).cpu().numpy()
        return vectors

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

        Args:
            labels: C names.
            descriptions: what some of them mean, by name.
            competing: reads labels of training in every way too, so that all labels of a contest
                are read alike.

        Raises:
            InputError: a label is not a string, or has no letter, digit or emoji.
        """
        if isinstance(labels, str) or len(labels) == 0:
            raise InputError(f"Give a list of at least one label; got {labels!r:.60}.")
        keys = [
            (checked_label(label), (descriptions or {}).get(label), competing) for label in labels
        ]
        # One look at the cache: another thread may push a vector out between two.
        found = {k: v for k in dict.fromkeys(keys) if (v := self._label_vectors.get(k)) is not None}
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        ways = [self.ways_of(label, said, competing=every) for label, said, every in missing]
        flat = self.encode_texts([way for group in ways for way in group], batch_size=256)
        start = 0
        for key, group in zip(missing, ways, strict=True):
            signs = self.reader.signs_of_ways(len(group), *key[:2])
            mean = (flat[start : start + len(group)] * signs).mean(axis=0)
            found[key] = (mean / np.linalg.norm(mean)).astype(np.float32)
            start += len(group)
        self._label_vectors.update(found)
        while len(self._label_vectors) > _LABEL_CACHE:
            self._label_vectors.popitem(last=False)
        return np.stack([found[key] for key in keys])

    def ways_of(
        self, label: str, description: str | None = None, *, competing: bool = False
    ) -> list[str]:
        """List the phrases that stand for a label, or for what it negates, in a contest or not."""
        return self.reader.ways(label, description, competing=competing)

    @property
    def reader(self) -> LabelReader:
        """What turns typed labels into phrases here."""
        return LabelReader(self.head.templates, self.head.trained_labels)

    def raw_logits(self, texts: Floats, labels: Floats) -> Floats:
        """Compare text vectors (N, D) with label vectors (C, D): scale * cosine + bias, (N, C)."""
        return (self.head.logit_scale * (texts @ labels.T) + self.head.logit_bias).astype(
            np.float32
        )

    def logits(self, texts: Floats, vectors: Floats, labels: Sequence[str]) -> Floats:
        """Compare text vectors (N, D) with label vectors (C, D) to calibrated logits (N, C).

        A negated label gets the negative of what it negates.
        """
        known, turned = self.reader.columns(labels)
        vectors = vectors * turned[:, None]
        raw = self.raw_logits(texts, vectors)
        free, trained = self.head.calibration, self.head.trained_calibration
        if self.moments is None or free is None:
            return raw * turned
        logits = free.logits(raw, self.moments.standing_out(texts, vectors))
        if trained is not None:
            logits[:, known] = trained.logits(raw[:, known], np.zeros_like(raw[:, known]))
        return np.asarray(logits * turned, np.float32)

    def competing_logits(self, texts: Floats, vectors: Floats) -> Floats:
        """Compare text vectors (N, D) with label vectors (C, D) for a contest, softmax over C.

        Only how far a label stands out counts here: labels that were rare or absent in training
        have means and spreads of their own, which would decide the contest before it begins.
        """
        free = self.head.calibration
        if self.moments is None or free is None:
            return self.raw_logits(texts, vectors)
        return (free.competition * self.moments.standing_out(texts, vectors)).astype(np.float32)

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
        vectors = self.encode_texts(texts, contexts)
        labelled = self.encode_labels(labels, competing=not multi_label)
        if multi_label:
            return sigmoid(self.logits(vectors, labelled, labels))
        return softmax(self.competing_logits(vectors, labelled))

    def thresholds(self, labels: Sequence[str]) -> Floats:
        """Give the score (C,) from which each label counts; fitted on the teacher's labels."""
        cuts = self.reader.cuts(labels, self.head.thresholds, self.head.default_threshold)
        return np.array(cuts, np.float32)

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
            raise CheckpointError(
                f"{self.name} has no valence-arousal-dominance head (vad_head.safetensors)."
            )
        with torch.inference_mode():
            vectors = torch.from_numpy(embeddings).to(self.device)
            found: Floats = vad_from(vectors, self.vad_weight, self.vad_bias).cpu().numpy()
        return found
