"""One visitor's page in a real browser, and everything that goes wrong on it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IMAGE = "<img src=x onerror=window.pwned=1>"  # what would run if it were rendered
PATIENCE = 60_000  # milliseconds; machines that test many things at once are slow


class Visit:
    """One visitor's page, and everything that went wrong on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"error {error}"))
        page.on("requestfailed", self._on_failure)
        page.on("response", self._on_response)

    def _on_console(self, message) -> None:
        if message.type == "error":
            self.complaints.append(f"console {message.text}")

    def _on_failure(self, request) -> None:
        # gradio's client hangs up on the stream of events itself, once it has its answer, and a
        # page that is left drops what it was loading.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed {request.url} {request.failure}")

    def _on_response(self, response) -> None:
        if response.status >= 400 or urlsplit(response.url).hostname not in ("127.0.0.1", None, ""):
            self.complaints.append(f"{response.status} {response.url}")

    def open(self, address: str) -> None:
        self.page.goto(address)
        expect(self.page.locator("#answer .bars, #answer .problem").first).to_be_visible()
        expect(self.page.locator("#labels input")).to_have_attribute("placeholder", re.compile("…"))

    def go(self, tab: str) -> None:
        self.page.get_by_role("tab", name=tab, exact=True).click()

    def write(self, text: str) -> None:
        self.page.locator("#text textarea").fill(text)

    def clear_labels(self, field: str = "labels") -> None:
        self.page.locator(f"#{field}").get_by_title("Clear").click()
        expect(self.page.locator(f"#{field} .token")).to_have_count(0)

    def add_labels(self, typed: str, field: str = "labels") -> None:
        entry = self.page.locator(f"#{field} input")
        entry.fill(typed)
        entry.press("Enter")

    def read(self) -> None:
        self.page.locator("#read").click()

    def rows(self) -> list[tuple[str, int]]:
        found = []
        for row in self.page.locator("#answer .bars tbody tr").all():
            label = row.locator("th").text_content()
            found.append((label, int(row.locator(".score").text_content().split()[0])))
        return found

    def overflow(self) -> int:
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def find_chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    candidates = (named, shutil.which("chromium"), "/usr/bin/chromium")
    return next((path for path in candidates if path and Path(path).exists()), None)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two opaque CSS colours, as WCAG 2 defines it."""
    lights = []
    for colour in (one, other):
        channels = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        lights.append(sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))
    return (max(lights) + 0.05) / (min(lights) + 0.05)
