"""A field phone in the real browser: driven by what a thumb would touch, read by what it shows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amana.field.shell import files
from amana.node.processes import RunningNode
from tests.journeys.conftest import ARGUMENTS, CHROMIUM

PHONE = {"viewport": {"width": 360, "height": 740}, "locale": "fr-FR"}
# Words that only this person would say; searched for wherever a browser may have kept them.
CANARIES = ("Tiénigboué-Kandélia", "كانديليا-تيغسالين", "Ouattarina Kpélégbo")
ADULT: Mapping[str, Any] = {
    "alias": CANARIES[2],
    "sex": "F",
    "minor": "no",
    "age_band": "18_24",
    "situation": "accompanied",
    "language": "dyu",
    "citizenship": "CI",
}
CHILD: Mapping[str, Any] = {**ADULT, "minor": "yes", "age_band": "10_14", "situation": "alone"}
SAFE: Mapping[str, Any] = {"d1": ["none"], "d2": ["none"], "d3": ["alone"]}
# A promise that was not kept, work without pay.
TOLD: Mapping[str, Any] = {"q04": ["false_promise"], "q06": ["kept"], "q08": ["unpaid"]}


# Asked again and again: the app's policy forbids the evaluation that a waiting function needs.
KEPT = """async () => {
  const kept = [];
  for (const name of await caches.keys()) {
    for (const one of await (await caches.open(name)).keys()) kept.push(new URL(one.url).pathname);
  }
  return kept;
}"""


@dataclass
class Handset:
    """One page of the app on one phone."""

    page: Any
    node: RunningNode
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Note whatever the browser complains of."""
        self.page.set_default_timeout(20_000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    @property
    def screen(self) -> str:
        return str(self.page.get_attribute("body", "data-screen"))

    @property
    def unsent(self) -> int:
        return int(self.page.get_attribute("body", "data-unsent") or 0)

    def open(self, address: str = "") -> "Handset":
        """Open the app and wait until it stands."""
        self.page.goto(address or f"{self.node.address}/field/")
        self.page.wait_for_selector("main h1")
        return self

    def enrol(self, address: str) -> "Handset":
        """Join the team by the coordinator's code; wait until the app can do without a line."""
        self.open(address)
        self.page.wait_for_selector("[data-act=begin]")
        self.rest()
        return self

    def rest(self) -> None:
        """Wait until everything that the phone needs lies on it."""
        self.page.evaluate("navigator.serviceWorker.ready")
        whole = {f"/field/{path}" for path in files("fr")} - {"/field/sw.js"}
        for _ in range(240):
            if whole <= set(self.page.evaluate(KEPT)):
                return
            self.page.wait_for_timeout(250)
        raise AssertionError("the phone never had the whole app")

    def speak(self, language: str) -> None:
        """Choose a language."""
        self.page.click(f"#languages [lang={language}]")
        self.page.wait_for_selector(f"html[lang={language}]")

    def act(self, name: str) -> None:
        """Touch one of the buttons under the thumb."""
        self.page.click(f"[data-act={name}]")

    def answer(self, told: Mapping[str, Any], upto: str = "") -> None:
        """Answer page after page until the answers are looked over, or until a page comes."""
        while self.screen == "question":
            at = str(self.page.get_attribute("body", "data-page"))
            if at == upto:
                return
            self._fill(told)
            self.act("on")
            self.page.wait_for_selector(
                f"body:not([data-page={at}]), body:not([data-screen=question]), .error",
                state="attached",
            )
            assert not self.page.query_selector(".error"), self.page.inner_text("main")

    def _fill(self, told: Mapping[str, Any]) -> None:
        asked = "[data-question]"
        ids = self.page.eval_on_selector_all(asked, "all => all.map(e => e.dataset.question)")
        for question in ids:
            value = told.get(question, "none" if question.startswith("q") else None)
            if value is None:
                continue
            # An answer may have the page drawn anew: each is found again.
            one = self.page.locator(f"[data-question={question}]")
            if one.locator("select").count():
                one.locator("select").select_option(value)
            elif one.locator("[type=checkbox], [type=radio]").count():
                for each in value if isinstance(value, list) else [value]:
                    one.locator(f"[value={each}]").check(force=True)
            else:
                one.locator("input[type=text], textarea").first.fill(str(value))

    def screened(self, told: Mapping[str, Any], observation: str = "") -> None:
        """Screen a person from the first word to the seal."""
        self.act("begin")
        self.page.wait_for_selector("body[data-screen=question]")
        self.answer(told)
        self.seal(observation)

    def seal(self, observation: str = "") -> None:
        """Look over what was answered, seal it, and see that it is queued."""
        self.page.wait_for_selector("body[data-screen=review]")
        if observation:
            self.page.fill("#observation", observation)
        self.act("seal")
        self.page.wait_for_selector("body[data-screen=sent]")

    def until_sent(self) -> None:
        """Wait until nothing is left on the phone."""
        self.page.wait_for_selector('body[data-unsent="0"]', timeout=60_000)


@contextmanager
def a_browser(browser: Any, profile: Path, **more: Any) -> Iterator[Any]:
    """Start a browser like this one over a profile on disk, as a phone has one.

    Closed, the profile is still there; whatever it kept can be searched.
    """
    context = browser.browser_type.launch_persistent_context(
        str(profile), executable_path=CHROMIUM, args=ARGUMENTS, **PHONE, **more
    )
    yield context
    context.close()
