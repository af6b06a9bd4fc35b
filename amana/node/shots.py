"""Pictures of the tour, for `amana demo --shots DIR`: two languages, a phone and a desk."""

# ruff: noqa: ANN401 - Playwright is not there when a real node is type-checked

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from amana.access.rules import Role
from amana.keeper.rules import DEMO_CODE
from amana.node import cast
from amana.node.cli import Failed
from amana.node.processes import RunningNode

LANGUAGES = ("fr", "ar")
SIZES = {360: 740, 1280: 800}
# Without the sandbox only because a container has no other user; everything shown is invented.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic")
Stop = tuple[str, Role, str, str]
SUBMIT = "main form .actions .button"


def take(folder: Path, nodes: Sequence[RunningNode], tour: Sequence[Stop]) -> None:
    """Take every stop of the tour, the door, a question and the reading."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise Failed("--shots needs Chromium: apt-get install chromium fonts-noto-core")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only the tests install it
    except ImportError as missing:
        raise Failed("--shots needs Playwright: bin/setup test") from missing
    folder.mkdir(parents=True, exist_ok=True)
    at = {node.config.country: node.address for node in nodes}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        for language in LANGUAGES:
            for width, height in SIZES.items():
                camera = _Camera(browser, folder, at, language, width, height)
                camera.door()
                camera.screening()
                for number, stop in enumerate(tour, start=1):
                    camera.stop(number, stop)
        browser.close()
    print(f"Screenshots are in {folder}")


def _press(page: Any, what: str = SUBMIT) -> None:
    """Send the page's form and wait for what follows: a slow machine answers late."""
    with page.expect_navigation():
        page.locator(what).first.click()


class _Camera:
    """One language at one width."""

    def __init__(
        self, browser: Any, folder: Path, at: dict[str, str], language: str, width: int, height: int
    ) -> None:
        self.folder, self.at, self.language, self.width = folder, at, language, width
        self._new_context: Callable[[], Any] = lambda: browser.new_context(
            viewport={"width": width, "height": height}
        )
        self._pages: dict[tuple[str, Role], Any] = {}

    def door(self) -> None:
        """Take the sign-in page."""
        page = self._blank("MA")
        page.goto(f"{self.at['MA']}/sign-in")
        self._take(page, "0-sign-in")

    def screening(self) -> None:
        """Take a question and the reading of a screening that is then thrown away."""
        page = self._page("MA", Role.FIRST_RESPONDER)
        page.goto(f"{self.at['MA']}/screen/")
        _press(page)
        draft = page.url.split("/")[-3]
        for question in ("d1", "d2"):
            page.locator(f"[name={question}][value=none]").check()
        page.locator("[name=d3][value=alone]").check()
        _press(page)
        self._describe(page)
        for number, value in ((4, "false_promise"), (5, "debt"), (6, "kept"), (8, "unpaid")):
            page.goto(f"{self.at['MA']}/screen/{draft}/at/q{number:02}")
            page.locator(f"[name=q{number:02}][value={value}]").check()
            if number == 6:
                self._take(page, "1-question")
            _press(page)
        page.goto(f"{self.at['MA']}/screen/{draft}/review")
        self._take(page, "1-reading")
        page.goto(f"{self.at['MA']}/screen/")
        _press(page, f"form[action$='/{draft}/discard'] button")

    def stop(self, number: int, stop: Stop) -> None:
        """Take one stop of the tour."""
        country, role, path, _ = stop
        page = self._page(country, role)
        page.goto(self.at[country] + path)
        self._take(page, f"{number}-{country.lower()}-{path.strip('/').split('/')[0]}")

    def _describe(self, page: Any) -> None:
        person = cast.NAFISSATOU
        page.locator("[name=alias]").fill(person.alias)
        for name in ("minor", "situation"):
            page.locator(f"[name={name}][value={getattr(person, name)}]").check()
        for name in ("sex", "age_band", "language", "citizenship"):
            page.locator(f"select[name={name}]").select_option(getattr(person, name))
        _press(page)

    def _page(self, country: str, role: Role) -> Any:
        if (country, role) not in self._pages:
            page = self._blank(country)
            name = next(m.sign_in_name for m in cast.staff(country) if m.role is role)
            page.goto(f"{self.at[country]}/sign-in")
            page.locator("[name=sign_in_name]").fill(name)
            page.locator("[name=password]").fill(cast.PASSWORD)
            page.locator("[name=code]").fill(DEMO_CODE)
            _press(page)
            self._pages[country, role] = page
        return self._pages[country, role]

    def _blank(self, country: str) -> Any:
        context = self._new_context()
        cookie = {"name": "language", "value": self.language, "url": self.at[country]}
        context.add_cookies([cookie])
        return context.new_page()

    def _take(self, page: Any, name: str) -> None:
        page.screenshot(
            path=self.folder / f"{name}-{self.language}-{self.width}.png", full_page=True
        )
