"""Who asks, and what their token allows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from starlette.requests import Request

from tests.hub.errors import Refusal

Role = Literal["read", "write"]


@dataclass(frozen=True)
class Token:
    """An access token of one user."""

    user: str
    role: Role = "write"
    expired: bool = False


@dataclass
class Accounts:
    """Tokens by their text, and the organizations that each user writes to."""

    tokens: dict[str, Token] = field(default_factory=dict)
    organizations: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def issue(self, text: str, user: str, role: Role = "write") -> str:
        self.tokens[text] = Token(user, role)
        return text

    def expire(self, text: str) -> None:
        self.tokens[text] = replace(self.tokens[text], expired=True)

    def namespaces(self, user: str) -> tuple[str, ...]:
        return (user, *self.organizations.get(user, ()))

    def of(self, request: Request) -> Token | None:
        """The token of a request; None for a request without one.

        Raises:
            Refusal: the token is unknown or has expired.
        """
        header = request.headers.get("authorization", "")
        if not header:
            return None
        token = self.tokens.get(header.removeprefix("Bearer "))
        if token is None or token.expired:
            raise Refusal(401, "Invalid credentials in Authorization header")
        return token

    def writer(self, request: Request, namespace: str | None) -> Token:
        """The token of a request that changes something in a namespace; None asks for any writer.

        Raises:
            Refusal: no token, a read-only one, or one of somebody else.
        """
        token = self.of(request)
        if token is None:
            raise Refusal(401, "Invalid username or password.")
        if token.role != "write":
            raise Refusal(403, "Forbidden: this token has only read access")
        if namespace is not None and namespace not in self.namespaces(token.user):
            raise Refusal(
                403, f"You don't have the rights to write under the namespace {namespace}"
            )
        return token
