"""A teacher chosen by plain values, so that a command line or another machine can name one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, make_dataclass, replace
from inspect import Parameter, signature
from typing import Any, Literal
from urllib.parse import urlsplit

from emo_hub.config import fill
from emo_hub.errors import InputError
from emo_hub.synthesis import descriptors, looks
from emo_hub.teacher import Annotators, Teacher

Kind = Literal["http", "local"]
# How a teacher is reached, for how long and how many at once: changed, the same replies come.
_IN_PASSING = frozenset(
    {
        "timeout_seconds", "most_at_once", "attempts", "first_wait_seconds", "longest_wait_seconds",
        "patience_seconds", "key_env", "batch_size", "device",
    }
)  # fmt: skip
# In these a sample is a look; elsewhere it is one more answer of the same teacher.
_LOOKING = frozenset({looks.NAME, looks.MANY, descriptors.NAME})


@dataclass(frozen=True)
class TeacherChoice:
    """Which live teacher, by plain values only; a key is read from the environment by the teacher.

    Args:
        kind: a server that speaks the OpenAI protocol, or a transformers model in this process.
        model: its name, or for a local one a folder.
        base_url: of the server.
        settings: further ones, as the teacher's own settings name them.
        annotators: more models that look at each line or text, as `(model, base_url)`; the first
            look is always the main teacher's. One behind another server than `base_url` has a key
            of its own: the environment variable with a `_2` at its end, `_3` for the next.
    """

    kind: Kind
    model: str
    base_url: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    annotators: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.model:
            raise InputError(f"The {self.kind} teacher needs a model: give --model NAME.")
        if self.kind == "http" and not self.base_url:
            raise InputError(
                "The http teacher needs the address of a server that speaks the OpenAI protocol: "
                "give --base-url, for example http://localhost:8000/v1."
            )
        # A sharded run writes its choice down before any teacher is made of it.
        if any(urlsplit(url).username is not None for url in self._urls):
            raise InputError(
                "The address of a server holds a user or a password, which would be written down: "
                "leave it out, and put the key into the environment variable EMO_HUB_API_KEY."
            )

    @property
    def _urls(self) -> tuple[str, ...]:
        return (self.base_url, *(url for _, url in self.annotators))

    @property
    def facts(self) -> dict[str, Any]:
        """Give what decides which replies come, with nothing secret in it."""
        return {
            "teacher": self.kind,
            "model": self.model,
            "settings": {
                name: value
                for name, value in sorted(self.settings.items())
                if name not in _IN_PASSING
            },
            "annotators": [model for model, _ in self.annotators],
        }


def make(choice: TeacherChoice) -> Teacher:
    """Make the chosen teacher, and check that it can be asked.

    Raises:
        TeacherError: the server is not there, or refuses the key or the model.
        SettingsError: an unknown setting, or a value of the wrong type.
        ImportError: names the extra that is missing.
    """
    first = _one(choice, choice.model, choice.base_url)
    others = [
        _one(choice, model, url or choice.base_url, number)
        for number, (model, url) in enumerate(choice.annotators, start=2)
    ]
    return Annotators((first, *others), _LOOKING) if others else first


def _one(choice: TeacherChoice, model: str, base_url: str, number: int = 1) -> Teacher:
    if choice.kind == "http":
        return _http(choice, model, base_url, number)
    return _local(choice, model)


def _http(choice: TeacherChoice, model: str, base_url: str, number: int) -> Teacher:
    from emo_hub.teacher.http import HttpSettings, HttpTeacher, probe

    table = {"base_url": base_url, "model": model, **choice.settings}
    settings = fill(HttpSettings, table, where="--set")
    # A key is for the server that gave it, and no other is shown it.
    if _origin(base_url) != _origin(choice.base_url):
        settings = replace(settings, key_env=f"{settings.key_env}_{number}")
    probe(settings)
    return HttpTeacher(settings)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _local(choice: TeacherChoice, model: str) -> Teacher:
    from emo_hub.teacher.local import LocalTeacher

    # `fill` checks dataclasses; one made of the signature repeats no name, type or default of it.
    settings_class = make_dataclass(
        "LocalSettings",
        [
            (given.name, given.annotation, given.default)
            for given in signature(LocalTeacher.__init__, eval_str=True).parameters.values()
            if given.kind is Parameter.KEYWORD_ONLY
        ],
    )
    return LocalTeacher(model, **asdict(fill(settings_class, choice.settings, where="--set")))
