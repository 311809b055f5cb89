"""Who am I, may I, and is this card's metadata valid."""

from __future__ import annotations

import yaml
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.hub.describing import front_matter
from tests.hub.errors import Refusal
from tests.hub.routing import of_repository
from tests.hub.state import state_of

SDKS = ("gradio", "docker", "static")
COLORS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
LONGEST_SHORT_DESCRIPTION = 60


async def whoami(request: Request) -> Response:
    accounts = state_of(request).accounts
    token = accounts.of(request)
    if token is None:
        raise Refusal(401, "Invalid username or password.")
    return JSONResponse(
        {
            "type": "user",
            "id": token.user,
            "name": token.user,
            "fullname": token.user,
            "email": f"{token.user}@example.org",
            "emailVerified": True,
            "isPro": False,
            "orgs": [
                {"type": "org", "id": name, "name": name, "roleInOrg": "write"}
                for name in accounts.organizations.get(token.user, ())
            ],
            "auth": {
                "type": "access_token",
                "accessToken": {"displayName": "tests", "role": token.role},
            },
        }
    )


async def auth_check(request: Request) -> Response:
    state_of(request).to_download(request)
    return Response()


async def auth_check_write(request: Request) -> Response:
    state_of(request).to_change(request)
    return Response()


def faults_of_metadata(metadata: object, kind: str) -> list[str]:
    """What the Hub refuses in the front matter of a card."""
    if not isinstance(metadata, dict):
        return ["the metadata must be a mapping"]
    found = []
    tags = metadata.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        found.append('"tags" must be an array of strings')
    if kind == "dataset":
        configs = metadata.get("configs", [])
        if not all(isinstance(config, dict) and "config_name" in config for config in configs):
            found.append('"configs" needs a "config_name" in each entry')
    if kind == "space":
        if metadata.get("sdk") not in SDKS:
            found.append(f'"sdk" must be one of {", ".join(SDKS)}')
        found += [
            f'"{key}" must be one of {", ".join(COLORS)}'
            for key in ("colorFrom", "colorTo")
            if metadata.get(key, "red") not in COLORS
        ]
        if len(str(metadata.get("short_description", ""))) > LONGEST_SHORT_DESCRIPTION:
            found.append('"short_description" length must be less than or equal to 60 characters')
    return found


async def validate_yaml(request: Request) -> Response:
    asked = await request.json()
    try:
        metadata = front_matter(asked["content"])
    except yaml.YAMLError as error:
        found, missing = [f"YAML error: {error}"], False
    else:
        missing = metadata is None
        found = [] if missing else faults_of_metadata(metadata, asked["repoType"])
    warnings = [{"message": "empty or missing yaml metadata in repo card"}] if missing else []
    errors = [{"message": message} for message in found]
    return JSONResponse({"errors": errors, "warnings": warnings}, 400 if errors else 200)


routes = [
    Route("/api/whoami-v2", whoami),
    Route("/api/validate-yaml", validate_yaml, methods=["POST"]),
    of_repository("/auth-check", auth_check, ["GET"]),
    of_repository("/auth-check/write", auth_check_write, ["GET"]),
]
