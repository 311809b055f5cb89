"""Addresses: what a repository and a revision look like in a path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Handler = Callable[[Request], Awaitable[Response]]


class Word(Convertor[str]):
    """A part of a path that the client sent as text."""

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class KindConvertor(Word):
    regex = "models|datasets|spaces"


class RevisionConvertor(Word):
    # The client quotes the slashes of refs/pr/1, and the server's library has unquoted them.
    regex = r"refs/pr/\d+|refs/heads/[^/]+|[^/]+"


register_url_convertor("kind", KindConvertor())
register_url_convertor("revision", RevisionConvertor())


def of_repository(rest: str, handler: Handler, methods: list[str]) -> Route:
    """A route of the API below one repository."""
    return Route(f"/api/{{kind:kind}}/{{namespace}}/{{name}}{rest}", handler, methods=methods)


def of_page(rest: str, handler: Handler, methods: list[str]) -> list[Route]:
    """The routes below the pages of models, which have no word in front, and of the others."""
    place = "/{namespace}/{name}" + rest
    return [Route(before + place, handler, methods=methods) for before in ("/{kind:kind}", "")]
