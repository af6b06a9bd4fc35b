"""How soon a phone can be used, and what travels: the real app in Chromium, on a bad line."""

import json
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from amana.field.shell import is_at_leisure
from amana.node import cast, fieldwork
from amana.node.persona import Persona
from amana.node.processes import RunningNode
from bench.phones.wire import Exchange, Wire
from tests.journeys import handset, thumb
from tests.journeys.conftest import ARGUMENTS, CHROMIUM

CPU_SLOWER = 6


@dataclass(frozen=True)
class Line:
    """A line as `stack.md` §3.5 has it: kbit/s down and up, ms for a round trip."""

    name: str
    down: int
    up: int
    ms: int


GPRS, EDGE, UMTS = (
    Line("GPRS", 50, 20, 1000),
    Line("EDGE", 240, 200, 840),
    Line("3G", 1600, 750, 300),
)

# In the page before anything else of it: notes when the button stands, touches it once it was
# painted, and notes when the first question was painted.
WATCH = """(() => {
  const seen = window.seen = {};
  const painted = (act) => requestAnimationFrame(() => setTimeout(act));
  const look = () => {
    if (!seen.stands && document.querySelector("[data-act=begin]")) {
      seen.stands = performance.now();
      painted(() => {
        seen.touched = performance.now();
        document.querySelector("[data-act=begin]").click();
      });
    }
    if (seen.touched && !seen.asked && document.body.dataset.screen === "question"
        && document.querySelector("[data-question]")) {
      seen.asked = performance.now();
      painted(() => { seen.usable = performance.now(); });
      watch.disconnect();
    }
  };
  const watch = new MutationObserver(look);
  watch.observe(document, { subtree: true, childList: true, attributes: true });
})()"""
READ = """() => {
  const paints = Object.fromEntries(
    performance.getEntriesByType("paint").map((one) => [one.name, one.startTime]));
  const [page] = performance.getEntriesByType("navigation");
  const fetched = performance.getEntriesByType("resource").map((one) => ({
    path: new URL(one.name).pathname, from: one.startTime, to: one.responseEnd,
    bytes: one.transferSize,
  }));
  return {
    ...window.seen, first_paint: paints["first-paint"],
    first_contentful_paint: paints["first-contentful-paint"],
    page: { from: 0, to: page.responseEnd, bytes: page.transferSize }, fetched,
  };
}"""
# The same sum in every page: says how much slower this page's processor was.
PROBE = """() => {
  const started = performance.now();
  let sum = 0;
  for (let n = 0; n < 2e7; n += 1) sum = (sum + n * n) % 1_000_003;
  return performance.now() - started + (sum < 0);
}"""
MOMENTS = ("first_paint", "first_contentful_paint", "stands", "usable")


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def supervisor_of(node: RunningNode) -> Persona:
    """Return who shows the codes."""
    host, _, port = node.address.removeprefix("http://").partition(":")
    return Persona(
        port=int(port), host=host, sign_in_name="latifa", password=cast.PASSWORD
    ).sign_in()


def enrolled(browser: Any, node: RunningNode, address: str = "") -> Any:
    """Return the browser of an enrolled phone that has the whole app; its pages are closed."""
    context = browser.new_context(**handset.PHONE)
    page = context.new_page()
    code = fieldwork.invitation(supervisor_of(node), "Samira Inventée")
    handset.Handset(page, node).enrol((address or node.address) + code[len(node.address) :])
    page.close()
    return context


# How soon.


def opened(context: Any, address: str, line: Line, *, is_cold: bool) -> Any:
    """Open the address in a new tab on this line; what the phone enrolled with is kept."""
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("Network.enable")
    if is_cold:
        cdp.send("Network.clearBrowserCache")
        origin = address.removesuffix("/field/").removesuffix("/")
        kinds = "service_workers,cache_storage"
        cdp.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": kinds})
    cdp.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": line.ms,
            "downloadThroughput": line.down * 1000 / 8,
            "uploadThroughput": line.up * 1000 / 8,
        },
    )
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWER})
    page.add_init_script(WATCH)
    page.goto(address, wait_until="commit", timeout=300_000)
    return page


def read(page: Any) -> dict[str, Any]:
    """Wait until the first question was painted; return the moments in ms, and what was fetched."""
    deadline = time.monotonic() + 300
    while not page.evaluate("window.seen.usable"):
        if time.monotonic() > deadline:
            raise TimeoutError("the page was never usable")
        page.wait_for_timeout(100)
    found: dict[str, Any] = page.evaluate(READ)
    found["probe_ms"] = page.evaluate(PROBE)
    page.close()
    return found


@dataclass(frozen=True)
class Start:
    """How an app starts on a line: the middle of all starts, the fastest and the slowest, in ms."""

    app: str
    line: str
    start: str
    n: int
    first_paint: tuple[float, float, float]
    first_contentful_paint: tuple[float, float, float]
    stands: tuple[float, float, float]
    usable: tuple[float, float, float]


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the middle, the least and the most."""
    return round(statistics.median(values)), round(min(values)), round(max(values))


def start_of(app: str, line: Line, start: str, seen: Sequence[dict[str, Any]]) -> Start:
    """Return one row of what was seen."""
    moments = {name: spread([one[name] for one in seen]) for name in MOMENTS}
    return Start(app, line.name, start, len(seen), **moments)


def way_of(seen: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what lay on the way to the first question in the middle run."""
    one = sorted(seen, key=lambda s: s["usable"])[len(seen) // 2]
    before = [f for f in one["fetched"] if f["from"] < one["stands"]]
    last = max([one["page"]["to"], *(f["to"] for f in before if f["to"] < one["stands"])])
    return {
        "requests": [
            {"path": "/field/", **{k: round(v) for k, v in one["page"].items()}},
            *(
                {"path": f["path"], **{k: round(f[k]) for k in ("from", "to", "bytes")}}
                for f in before
            ),
        ],
        "last_byte_ms": round(last),
        "then_until_it_stands_ms": round(one["stands"] - last),
        "then_until_usable_ms": round(one["usable"] - one["stands"]),
        "probe_ms": round(one["probe_ms"]),
    }


# What travels.


@dataclass(frozen=True)
class Travelled:
    """What travelled for one purpose, headers included, without TLS."""

    what: str
    requests: int
    up: int
    down: int
    headers: int
    budget: int | None

    @property
    def total(self) -> int:
        return self.up + self.down


def travelled(what: str, carried: Sequence[Exchange], budget: int | None = None) -> Travelled:
    """Return what passed, added up."""
    up, down = sum(e.up for e in carried), sum(e.down for e in carried)
    return Travelled(what, len(carried), up, down, sum(e.headers for e in carried), budget)


def _is_later(one: Exchange) -> bool:
    return is_at_leisure(one.path.removeprefix("/field/"))


def bytes_of(browser: Any, node: RunningNode, wire: Wire) -> list[Travelled]:
    """Return what travels from a phone's first start to twenty screenings sent at once."""
    address = f"http://{node.config.host}:{wire.port}"
    context = enrolled(browser, node, address)
    wire.taken()
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("Network.clearBrowserCache")
    kinds = "service_workers,cache_storage"
    cdp.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": kinds})
    phone = handset.Handset(page, node).open(f"{address}/field/")
    phone.rest()
    page.wait_for_timeout(1500)
    whole = wire.taken()
    critical = [
        e
        for e in whole
        if e.status == 200 and e.path in ("/field/", "/field/field.css", "/field/app.js")
    ][:3]
    words = [e for e in whole if e.path.startswith("/field/words/") and not _is_later(e)]
    first = [e for e in whole if not _is_later(e)]
    later = [e for e in whole if _is_later(e)]
    found = [
        travelled("cold: until the first question", critical),
        travelled("cold: the app, rapid screening in three languages", first, 60_000),
        travelled("of that, words of the two other languages", words),
        travelled("then at leisure: all instruments, the rest of the app", later, 150_000),
        travelled("cold: everything", whole),
    ]
    page.reload()
    page.wait_for_selector("[data-act=begin]")
    page.wait_for_timeout(2500)
    found.append(travelled("later start", wire.taken()))
    page.click("#unsent")
    page.click("[data-act=send]")
    page.wait_for_timeout(1500)
    found.append(travelled("state request, nothing to send", wire.taken()))
    page.click("[data-act=back]")
    page.wait_for_selector("[data-act=begin]")
    for n, what, budget in (
        (1, "one screening sent", 4_000),
        (20, "20 screenings sent at once", None),
    ):
        context.set_offline(True)
        told = {**handset.SAFE, **handset.ADULT, **handset.TOLD}
        thumb.started(page, [{"band": "", "siblings": [], "told": told}] * n)
        thumb.ended(page)
        wire.taken()
        context.set_offline(False)
        phone.until_sent()
        page.wait_for_timeout(500)
        found.append(travelled(what, wire.taken(), budget))
    context.close()
    return found


def said(found: object) -> str:
    """Return something found in one line, for who watches the run."""
    return json.dumps(found, ensure_ascii=False, default=vars)
