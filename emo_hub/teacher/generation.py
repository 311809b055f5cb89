"""A chat model of transformers in this process: messages to tokens, and tokens to an answer.

Importing this module imports torch and transformers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jinja2.exceptions import TemplateError
from safetensors import SafetensorError
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from emo_hub.errors import InputError, TeacherError, require

Messages = Sequence[tuple[str, str]]
_PROBE = "the-system-turn"
# Tokenizers without a limit state one of about 1e30.
_NO_LIMIT = 1 << 24


@dataclass(frozen=True, slots=True)
class Settings:
    """How to load a chat model and how to let it speak.

    Args:
        model: a folder or a name on the Hub.
        revision: of the name, None for the newest.
        device: a device of torch, `auto` to spread over all of them (needs accelerate), or None
            for the first GPU if there is one.
        dtype: a floating type of torch by name, or `auto` for that of the weights.
        repetition_penalty: what the logit of a token that was there before is divided by; 1 for
            none. It counts the prompt too, as in transformers, but never the padding.
    """

    model: str
    revision: str | None
    device: str | None
    dtype: str
    repetition_penalty: float


class ChatModel:
    """A causal language model with a chat template, decoding greedily (paper A3).

    Args:
        settings: what to load.

    Attributes:
        name: of the model with its revision where that is known.
        window: the most tokens of question and answer together, None for no known limit.

    Raises:
        InputError: there is no such device or dtype.
        TeacherError: there is no such model, it has no safetensors, or it is no chat model.
        ImportError: `device` is `auto` and accelerate is missing.
    """

    def __init__(self, settings: Settings) -> None:
        self._penalty = settings.repetition_penalty
        self._model, self._tokenizer = _loaded(settings)
        if not self._tokenizer.chat_template:
            raise TeacherError(
                f"{settings.model} has no chat template: it is a base model. Give the one that was "
                "trained to follow instructions."
            )
        own = self._model.generation_config.eos_token_id
        listed = own if isinstance(own, list) else [own]
        ends = {end for end in (*listed, self._tokenizer.eos_token_id) if end is not None}
        if not ends:
            raise TeacherError(f"{settings.model} names no token that ends an answer.")
        self._ends = sorted(ends)
        pad = self._tokenizer.pad_token_id
        self._pad: int = self._ends[0] if pad is None else pad
        # Replaced, not changed: sampling, penalties and lengths of the model's own are not ours.
        self._model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
            do_sample=False, eos_token_id=self._ends, pad_token_id=self._pad
        )
        limits = (
            getattr(self._model.config.get_text_config(), "max_position_embeddings", None),
            self._tokenizer.model_max_length,
        )
        known = [limit for limit in limits if isinstance(limit, int) and 0 < limit < _NO_LIMIT]
        self.window: int | None = min(known, default=None)
        folder = Path(settings.model)
        revision = settings.revision or getattr(self._model.config, "_commit_hash", None)
        name = folder.resolve().name if folder.is_dir() else settings.model
        self.name = f"{name}@{revision}" if revision else name
        self._knows_system = self._renders_system()

    def encode(self, messages: Messages) -> list[int]:
        """Turn a conversation into tokens, up to where the answer begins.

        Where the template knows no system turn, its content stands before that of the first turn.

        Raises:
            TeacherError: the template refuses the conversation.
        """
        turns = list(messages)
        if not self._knows_system and len(turns) > 1 and turns[0][0] == "system":
            turns[:2] = [(turns[1][0], f"{turns[0][1]}\n\n{turns[1][1]}")]
        try:
            text = self._rendered(turns)
        except TemplateError as error:
            raise TeacherError(f"{self.name}'s chat template refuses a prompt: {error}") from error
        tokens: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return tokens

    def generate(
        self, prompts: Sequence[list[int]], most_new: Sequence[int], stop: Callable[[], bool]
    ) -> list[list[int] | None]:
        """Answer several encoded prompts at once.

        Args:
            prompts: at least one, none of them empty.
            most_new: the most tokens of each answer, its end included.
            stop: asked before each token whether to leave off.

        Returns:
            The tokens of each answer, the end included; None where it did not come to one.

        Raises:
            OutOfMemoryError: of torch, where the prompts do not fit together.
        """
        width = max(map(len, prompts))
        device = self._model.get_input_embeddings().weight.device
        tokens = torch.full((len(prompts), width), self._pad, device=device)
        mask = torch.zeros_like(tokens)
        for row, prompt in enumerate(prompts):
            tokens[row, width - len(prompt) :] = torch.tensor(prompt, device=device)
            mask[row, width - len(prompt) :] = 1
        with torch.inference_mode():
            output: Tensor = self._model.generate(
                tokens,
                attention_mask=mask,
                max_new_tokens=max(most_new),
                logits_processor=LogitsProcessorList([_RepetitionPenalty(self._penalty, mask)]),
                stopping_criteria=StoppingCriteriaList([_Stopped(width, most_new, stop)]),
            )
        answers = output[:, width:].tolist()
        return [self._ended(answer[:most]) for answer, most in zip(answers, most_new, strict=True)]

    def decode(self, tokens: Sequence[int]) -> str:
        """Turn the tokens of an answer into text, special ones left out."""
        text: str = self._tokenizer.decode(tokens, skip_special_tokens=True)
        return text

    def _ended(self, answer: list[int]) -> list[int] | None:
        places = [place for place, token in enumerate(answer) if token in self._ends]
        return answer[: places[0] + 1] if places else None

    def _renders_system(self) -> bool:
        try:
            return _PROBE in self._rendered([("system", _PROBE), ("user", "?")])
        except TemplateError:
            return False

    def _rendered(self, turns: Messages) -> str:
        text: str = self._tokenizer.apply_chat_template(
            [{"role": role, "content": content} for role, content in turns],
            tokenize=False,
            add_generation_prompt=True,
            # Templates that know no thinking pass over this.
            enable_thinking=False,
        )
        return text


def _loaded(settings: Settings) -> tuple[Any, Any]:
    dtype = getattr(torch, settings.dtype, None)
    if settings.dtype != "auto" and not (
        isinstance(dtype, torch.dtype) and dtype.is_floating_point
    ):
        raise InputError(f"dtype is '{settings.dtype}'; wanted auto, float32, bfloat16, float16.")
    device = settings.device or ("cuda" if torch.cuda.is_available() else "cpu")
    if device == "auto":
        require("accelerate", "train", "A teacher on several devices")
    try:
        place = None if device == "auto" else torch.device(device)
    except RuntimeError as error:
        raise InputError(f"device is '{device}': {error}") from error
    try:
        tokenizer = AutoTokenizer.from_pretrained(settings.model, revision=settings.revision)
        model: Any = AutoModelForCausalLM.from_pretrained(
            settings.model,
            revision=settings.revision,
            dtype="auto" if settings.dtype == "auto" else dtype,
            use_safetensors=True,
            device_map="auto" if place is None else None,
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise TeacherError(f"{settings.model} cannot be loaded as a chat model: {error}") from error
    try:
        return (model if place is None else model.to(place)), tokenizer
    except (RuntimeError, AssertionError) as error:
        raise TeacherError(f"{settings.model} cannot be put on '{device}': {error}") from error


class _RepetitionPenalty(LogitsProcessor):
    """As in transformers, but blind to padding.

    The padding is often the token that ends an answer. Penalised for it, a short prompt amid long
    ones would be answered at greater length than alone.
    """

    def __init__(self, penalty: float, mask: Tensor) -> None:
        self._penalty = penalty
        self._padded = mask == 0

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        width = self._padded.shape[1]
        seen = input_ids.clone()
        # Something that is in the row anyway stands in for its padding.
        last = input_ids[:, width - 1 : width].expand(-1, width)
        seen[:, :width] = torch.where(self._padded, last, input_ids[:, :width])
        score = scores.gather(1, seen)
        score = torch.where(score < 0, score * self._penalty, score / self._penalty)
        return scores.scatter(1, seen, score)


class _Stopped(StoppingCriteria):
    """Ends each answer at its own length, and all of them when the caller says so."""

    def __init__(self, width: int, most_new: Sequence[int], stop: Callable[[], bool]) -> None:
        self._lengths = torch.tensor([width + most for most in most_new])
        self._stop = stop

    def __call__(self, input_ids: Tensor, scores: Tensor, **_: object) -> Tensor:
        done = self._lengths <= input_ids.shape[1]
        return (done | self._stop()).to(input_ids.device)
