"""Draw HTML in which nothing that a visitor typed can be more than text.

All markup lives in `templates`, rendered with autoescape for every value, so a label such as an
`<img>` tag is shown as the characters it consists of.
"""

from __future__ import annotations

from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined

from emo_hub.space.texts import say


def draw(template: str, language: str, **values: object) -> str:
    """Render a template of the page; it says its sentences through `t(key, ...)`."""
    found = _environment().get_template(f"{template}.html.jinja")
    return found.render(t=partial(say, language), **values)


def percent(value: float) -> int:
    """Write a share in [0, 1] as a whole number of percent; what lies outside is cut off."""
    return round(100 * min(max(value, 0.0), 1.0))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("emo_hub.space"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    return environment
