"""Recipes: the settings of one run, as a frozen dataclass filled from TOML and from `--set`.

Unknown keys and wrong types stop the run before any work is done; a misspelt key is answered with
the nearest known one.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import tomllib
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from emo_hub.errors import SettingsError

R = TypeVar("R")


def read_recipe(cls: type[R], source: str | Path, overrides: Sequence[str] = ()) -> R:
    """Read a recipe by name (one that ships with the package) or from a TOML file.

    Args:
        cls: the frozen dataclass to fill.
        source: a shipped name such as "quick", or the path of a TOML file.
        overrides: `key=value` pairs that win over the file; values are TOML, or plain strings.

    Raises:
        SettingsError: no such recipe, an unknown key, or a value of another type.
    """
    try:
        table = tomllib.loads(_recipe_text(source))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The recipe {source} is no TOML: {error}.") from error
    return fill(cls, {**table, **parse_overrides(overrides)}, where=str(source))


def fill(cls: type[R], table: Mapping[str, Any], *, where: str) -> R:
    """Make the dataclass from a table, refusing unknown keys and wrong types.

    A whole number where a float is wanted becomes one.

    Raises:
        SettingsError: says which key of `where` is wrong and what would be right.
    """
    hints = typing.get_type_hints(cls)
    known = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(known)}."
            raise SettingsError(f"{where} sets '{key}', which is not a setting; {hint}")
        values[key] = _checked(key, value, hints[key], where)
    return cls(**values)


def part(cls: type[R], recipe: object) -> R:
    """Fill a dataclass with the settings of a recipe that bear the names of its fields."""
    names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    return fill(cls, {name: getattr(recipe, name) for name in names}, where=cls.__name__)


def read_named(
    source: Path | None, shipped: str, make: Callable[[str, dict[str, Any]], R], *, form: str
) -> tuple[R, ...]:
    """Read a list of changes to a recipe, each a TOML table with a name.

    Args:
        source: the file; for None the list of recipes/variants that ships.
        shipped: its name there.
        make: makes one of name and table; a missing key is a KeyError.
        form: what such a list is, for the error.

    Raises:
        SettingsError: the file cannot be read, is of another form, or lists nothing.
    """
    place = source or resources.files("emo_hub").joinpath("recipes", "variants", shipped)
    try:
        tables = tomllib.loads(place.read_text(encoding="utf-8"))
        found = tuple(make(name, table) for name, table in tables.items())
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{place} is no {form}: {error}.") from error
    if not found:
        raise SettingsError(f"{place} lists nothing; wanted a {form}.")
    return found


def parse_overrides(overrides: Sequence[str]) -> dict[str, Any]:
    """Turn `key=value` strings into a table.

    Raises:
        SettingsError: a pair without '='.
    """
    table: dict[str, Any] = {}
    for pair in overrides:
        key, equals, text = pair.partition("=")
        if not equals or not key.strip():
            raise SettingsError(f"An override must read key=value; got '{pair}'.")
        try:
            table[key.strip()] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            table[key.strip()] = text.strip()
    return table


def recipe_hash(recipe: object) -> str:
    """Give the first 12 hex digits of the settings' SHA-256, the name of this very set."""
    text = json.dumps(dataclasses.asdict(recipe), sort_keys=True)  # type: ignore[call-overload]
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _recipe_text(source: str | Path) -> str:
    path = Path(source)
    if path.suffix == ".toml":
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"The recipe {path} cannot be read: {error.strerror}.") from error
    shipped = resources.files("emo_hub").joinpath("recipes")
    names = sorted(
        f.name.removesuffix(".toml") for f in shipped.iterdir() if f.name.endswith(".toml")
    )
    if str(source) not in names:
        raise SettingsError(
            f"There is no recipe '{source}'; shipped are {', '.join(names)}, and a path must end "
            "in .toml."
        )
    return shipped.joinpath(f"{source}.toml").read_text(encoding="utf-8")


def _checked(key: str, value: object, wanted: Any, where: str) -> object:  # noqa: ANN401
    origin = typing.get_origin(wanted)
    if origin is typing.Literal:
        if value not in (choices := typing.get_args(wanted)):
            names = ", ".join(str(choice) for choice in choices)
            raise SettingsError(f"{where} sets {key} = {value!r}; wanted one of {names}.")
        return value
    is_union = origin in (typing.Union, types.UnionType)
    kinds = typing.get_args(wanted) if is_union else (origin or wanted,)
    if isinstance(value, int) and not isinstance(value, bool) and float in kinds:
        # Torch and the hash of a recipe tell 1 from 1.0.
        return value if int in kinds else float(value)
    right = isinstance(value, kinds) and not (bool not in kinds and isinstance(value, bool))
    if not right:
        names = " or ".join(kind.__name__ for kind in kinds if kind is not type(None))
        raise SettingsError(
            f"{where} sets {key} = {value!r}, a {type(value).__name__}; wanted a {names}."
        )
    return value
