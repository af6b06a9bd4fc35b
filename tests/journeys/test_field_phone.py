"""A telephone in the field, with a real browser and a real node: no line, bad line, lost, full."""

import base64
import gzip
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from amana.access.rules import Role
from amana.field.shell import files
from amana.node import cast, demo, fieldwork
from amana.node.persona import Persona
from amana.node.processes import RunningNode, running
from amana.standards.references import is_reference, new_reference
from tests.journeys.test_pages import AXE, TURNED_AROUND

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.xdist_group("browser")]

R, W, S, A = (
    Role.FIRST_RESPONDER,
    Role.CASE_WORKER,
    Role.SUPERVISOR,
    Role.ADMINISTRATOR,
)
NAMES = {m.role: m.sign_in_name for m in reversed(cast.staff("CI"))}
LANGUAGES = ("fr", "ar", "en")
CANARY = "Zanzibarette"
OWN_WORDS = "Elle gardait mon passeport, Zanzibarette aussi."
SAID = {"q04": "false_promise", "q05": "debt", "q06": "kept", "q08": "unpaid"}
ADULT = {"minor": "no", "situation": "alone"}
PERSON = {"sex": "F", "age_band": "18_24", "language": "dyu"}
SCREENING = r'href="(/screenings?/[^"]+)"'
# Everything that this browser keeps of a site, as one text.
KEPT = """async () => {
    const said = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), location.href,
        document.title, JSON.stringify(history.state)];
    for (const { name } of await indexedDB.databases()) {
        const base = await new Promise((done) => {
            const asked = indexedDB.open(name);
            asked.onsuccess = () => done(asked.result);
        });
        for (const store of base.objectStoreNames) {
            const rows = await new Promise((done) => {
                const asked = base.transaction(store).objectStore(store).getAll();
                asked.onsuccess = () => done(asked.result);
            });
            said.push(JSON.stringify(rows, (_, one) =>
                one instanceof ArrayBuffer || ArrayBuffer.isView(one)
                    ? new TextDecoder('latin1').decode(one) : one));
        }
        base.close();
    }
    for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
            said.push(request.url, await (await cache.match(request)).text());
        }
    }
    return said.join('\\n');
}"""
QUEUE = """async () => {
    const base = await new Promise((done) => {
        const asked = indexedDB.open('carnet');
        asked.onsuccess = () => done(asked.result);
    });
    const rows = await new Promise((done) => {
        const asked = base.transaction('queue').objectStore('queue').getAll();
        asked.onsuccess = () => done(asked.result);
    });
    base.close();
    return rows;
}"""
# A phone whose storage is full: nothing more goes into the queue.
FULL = """
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...given) {
    if (this.name === 'queue' && window.isFull) {
        this.transaction.abort();
        throw new DOMException('full', 'QuotaExceededError');
    }
    return put.apply(this, given);
};
"""


def parcel_of(request: Any) -> Any:
    """Return what a request of the phone says; it travels packed."""
    return json.loads(gzip.decompress(request.post_data_buffer))


@dataclass
class Phone:
    """A phone in somebody's hand."""

    page: Any
    address: str
    sent: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(15_000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._note)

    def _note(self, request: Any) -> None:
        if request.url.endswith("/field/in"):
            self.sent.append(parcel_of(request))

    @property
    def context(self) -> Any:
        return self.page.context

    def open(self, mark: str = "") -> None:
        """Open the app, as its sign on the home screen or a code does."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}/field/{mark}")

    def enrol(self, code: str) -> "Phone":
        """Point the camera at an invitation; wait until the app would open without a line."""
        self.open(f"#enrol={code}")
        self.on("home")
        assert self.page.url == f"{self.address}/field/"
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        n_files = len(files("fr")) - 1
        self.page.wait_for_function(
            """async (n) => (await Promise.all((await caches.keys()).map(async (name) =>
                (await (await caches.open(name)).keys()).length))).includes(n)""",
            arg=n_files,
        )
        return self

    def on(self, screen: str, state: str = "") -> None:
        """Wait until a screen stands."""
        wanted = f"body[data-screen={screen}]" + (f"[data-state={state}]" if state else "")
        self.page.wait_for_selector(wanted)

    def act(self, name: str) -> None:
        """Press one of the app's buttons."""
        self.page.click(f"[data-act={name}]")

    def at(self, page: str) -> None:
        """Wait until a page of the instrument stands."""
        self.page.wait_for_selector(f'body[data-screen=question][data-page="{page}"]')

    def tick(self, **answers: str) -> None:
        """Tick one answer of each question."""
        for question, answer in answers.items():
            self.page.check(f'[name="{question}"][value="{answer}"]')

    def begin(self, **danger: str) -> None:
        """Begin, and look around first."""
        self.act("begin")
        self.at("danger")
        self.tick(**{"d1": "none", "d2": "none", "d3": "alone", **danger})
        self.act("on")
        self.at("person")

    def tell(self, name: str = CANARY, **person: str) -> None:
        """Say who the person is."""
        self.page.fill("#q-alias", name)
        self.tick(**{**ADULT, **person})
        for question, answer in PERSON.items():
            self.page.select_option(f"#q-{question}", answer)
        self.act("on")
        self.at("q01")

    def answer(self) -> None:
        """Answer the twelve questions."""
        for number in range(1, 13):
            question = f"q{number:02}"
            self.at(question)
            self.tick(**{question: SAID.get(question, "none")})
            if question == "q06":
                self.page.click(".own summary")
                self.page.fill(".own textarea", OWN_WORDS)
            self.act("on")
        self.on("review")

    def screen(self, **danger: str) -> None:
        """Screen a person and seal what was said."""
        self.begin(**danger)
        self.tell()
        self.answer()
        self.act("seal")
        self.on("sent")

    def stop_here(self) -> None:
        """Break off: what was said is sealed and sent."""
        self.act("pause")
        self.on("pause")
        self.act("stop")
        self.on("sent")

    def waits(self, n: int) -> None:
        """Wait until so much is not sent, as every screen says."""
        self.page.wait_for_selector(f'body[data-unsent="{n}"]')
        # Written a moment after the page's own mark.
        said = self.page.locator("#unsent").filter(has_text=re.compile(rf"\b{n}$"))
        said.wait_for(state="attached")

    def items(self) -> list[dict[str, Any]]:
        """Return every item that went out, in order."""
        return [item for parcel in self.sent for item in parcel["items"]]

    def fits(self) -> None:
        """See that this screen is open to everybody: axe, no overflow, large targets."""
        # What lies under the bars that stay is reached by scrolling: here they stay with the page.
        self.page.evaluate(
            """scrollTo(0, 0);
            for (const bar of document.querySelectorAll('header, footer')) {
                bar.style.position = 'static';
            }"""
        )
        found = Axe().run(self.page, options=AXE).response["violations"]
        assert [f"{f['id']}: {n['html'][:120]}" for f in found for n in f["nodes"]] == []
        root = "document.documentElement"
        assert self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0
        assert self.page.evaluate(TURNED_AROUND) == []
        small = self.page.evaluate(
            """() => [...document.querySelectorAll('button, a, summary, select, .choice')]
                .filter((one) => one.checkVisibility() && !one.matches('.unseen'))
                .filter((one) => one.getBoundingClientRect().height < 43.5
                    && !one.closest('.problems'))
                .map((one) => one.outerHTML.slice(0, 100))"""
        )
        assert small == []


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """Run one node of the demo."""
    (made,) = demo.make_nodes(tmp_path_factory.mktemp("phone"), {"CI": 0})
    with running(made.data) as nodes:
        yield nodes[0]


@pytest.fixture(scope="module")
def people(node: RunningNode) -> dict[Role, Persona]:
    """Return who works at the node, over plain HTTP."""
    host, _, port = node.address.removeprefix("http://").partition(":")
    return {
        role: Persona(
            port=int(port), host=host, sign_in_name=NAMES[role], password=cast.PASSWORD
        ).sign_in()
        for role in (W, S, A)
    }


@pytest.fixture
def invite(people: dict[Role, Persona]) -> Any:
    """Make an invitation: `invite("RESUME")`."""

    def make(mode: str = "WRITE") -> str:
        address = fieldwork.invitation(people[S], "Awa Inventée", mode)
        return address.partition("#enrol=")[2]

    return make


@pytest.fixture
def phones(browser: Any, node: RunningNode) -> Iterator[Any]:
    """Take a phone out of the box: `phones()`, each with a store of its own."""
    contexts: list[Any] = []

    def take(language: str = "fr", script: str = "", **more: Any) -> Phone:
        viewport = {"width": 360, "height": 740}
        context = browser.new_context(viewport=viewport, locale=language, **more)
        contexts.append(context)
        if script:
            context.add_init_script(script)
        return Phone(context.new_page(), node.address)

    yield take
    for context in contexts:
        context.close()


@pytest.fixture
def phone(phones: Any, invite: Any) -> Iterator[Phone]:
    """Take one phone that was enrolled and adds only."""
    taken = phones().enrol(invite())
    yield taken
    assert taken.errors == [], taken.errors


def read_at_node(people: dict[Role, Persona], name: str) -> str:
    """Open what waits at the node; return the page of the screening of this person."""
    people[S].post("/arrivals/open", {}, at="/arrivals/")
    for path in people[S].open("/arrivals/").all(SCREENING):
        page = people[S].open(path).text
        if name in page:
            return page
    raise AssertionError(f"nothing was read of {name}")


# One person, without a line.


def test_a_person_is_screened_without_a_line_and_read_at_the_node(
    phone: Phone, people: dict[Role, Persona]
) -> None:
    phone.context.set_offline(True)
    phone.page.reload()
    phone.on("home")

    phone.begin()
    phone.tell("Aboubacarette")
    phone.answer()
    phone.act("seal")

    phone.on("sent", "queued")
    phone.waits(1)
    phone.context.set_offline(False)
    phone.waits(0)
    phone.on("sent", "received")
    assert re.search(r"\d\d.h.\d\d", phone.page.inner_text(".receipt"))
    last = phone.items()[-1]
    assert set(last) == {"record", "seq", "team", "key", "urgency", "body", "sig"}
    opened = read_at_node(people, "Aboubacarette")
    assert OWN_WORDS in html.unescape(opened)


def test_nothing_that_was_said_lies_readable_on_the_phone(phone: Phone) -> None:
    phone.context.set_offline(True)
    phone.begin()
    phone.tell()
    phone.answer()
    assert CANARY in phone.page.inner_text("main")

    phone.act("seal")
    phone.on("sent", "queued")

    kept = phone.page.evaluate(KEPT)
    assert CANARY not in kept
    assert "false_promise" in kept, "the instrument itself is there, so the search can find"
    assert '"q04":["false_promise"]' not in kept
    (item,) = phone.page.evaluate(QUEUE)
    assert set(item) == {"record", "seq", "team", "key", "urgency", "body"}
    assert (len(base64.b64decode(item["body"])) - 1136) % 512 == 0


def test_a_tab_that_died_has_sealed_what_was_said(phone: Phone) -> None:
    phone.begin()
    phone.tell()
    phone.waits(1)
    assert phone.items() == [], "a living tab still writes it"

    phone.page.reload()
    phone.on("home")

    phone.waits(0)
    (item,) = phone.items()
    assert item["urgency"] == "OTHER"
    assert CANARY not in phone.page.content()


def test_danger_is_sent_at_once_and_a_child_alone_too(phone: Phone) -> None:
    phone.begin(d2="ill_or_hurt")
    phone.waits(0)

    assert {item["urgency"] for item in phone.items()} == {"DANGER"}
    phone.stop_here()
    phone.on("sent", "received")
    phone.act("home")
    phone.sent.clear()
    phone.begin()
    phone.tell(minor="doubtful")
    phone.waits(0)
    assert phone.items()[-1]["urgency"] == "CHILD_ALONE"


def test_the_person_is_tired_and_stops_here(phone: Phone, people: dict[Role, Persona]) -> None:
    phone.begin()
    phone.tell("Fatiguine")

    phone.stop_here()

    phone.on("sent", "received")
    assert read_at_node(people, "Fatiguine")


def test_the_language_changes_anywhere_and_keeps_every_answer(phone: Phone) -> None:
    phone.begin()
    phone.page.fill("#q-alias", CANARY)
    phone.tick(minor="yes")

    phone.page.click(".languages [lang=ar]")
    phone.page.wait_for_selector("html[dir=rtl][lang=ar]")

    assert phone.page.input_value("#q-alias") == CANARY
    assert phone.page.is_checked('[name=minor][value="yes"]')
    phone.context.set_offline(True)
    phone.page.click(".languages [lang=en]")
    phone.page.wait_for_selector("html[dir=ltr][lang=en]")
    assert phone.page.inner_text("h1") == "The person"
    assert phone.page.input_value("#q-alias") == CANARY


def test_what_is_not_answered_is_said_and_none_stands_alone(phone: Phone) -> None:
    phone.act("begin")
    phone.at("danger")

    phone.act("on")

    phone.page.wait_for_selector(".problems")
    assert phone.page.locator(".problems li").count() == 3
    assert phone.page.evaluate("document.activeElement.className") == "problems"
    phone.tick(d2="ill_or_hurt")
    phone.tick(d2="none")
    assert not phone.page.is_checked('[name=d2][value="ill_or_hurt"]')
    phone.tick(d2="ill_or_hurt")
    assert not phone.page.is_checked('[name=d2][value="none"]')


def test_an_answer_is_changed_from_the_review(phone: Phone) -> None:
    phone.begin()
    phone.tell()
    phone.answer()
    assert phone.page.get_attribute("[data-class]", "data-class") == "TRAITE_PRESUMEE"
    before = phone.page.inner_text("[data-row=q06]")

    phone.page.click("[data-row=q06] button")
    phone.at("q06")
    phone.tick(q06="none")
    phone.act("on")

    phone.on("review")
    assert phone.page.inner_text("[data-row=q06]") != before
    assert OWN_WORDS in phone.page.inner_text("[data-row=q06]")


def test_the_danger_check_is_one_tap_away_and_leads_back(phone: Phone) -> None:
    phone.begin()
    phone.tell()
    phone.tick(q01="none")
    phone.act("on")
    phone.at("q02")

    phone.act("danger")
    phone.at("danger")
    phone.tick(d1="watched")
    phone.act("on")

    phone.at("q02")
    phone.waits(0)
    assert phone.items()[-1]["urgency"] == "DANGER"


def test_a_whole_screening_by_keyboard_only(phone: Phone) -> None:
    page = phone.page
    page.focus("[data-act=begin]")
    page.keyboard.press("Enter")
    phone.at("danger")

    for question in ("d1", "d2", "d3"):
        page.focus(f'[name={question}][value="none"]')
        page.keyboard.press("Space")
    page.keyboard.press("Enter")

    phone.at("person")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    first = "document.querySelector('a[href], button, input, select, textarea, summary').id"
    assert page.evaluate(first) == "exit"


# Getting out.


@pytest.mark.parametrize("way", ["button", "Shift"])
def test_leaving_quickly_leaves_nothing_to_read_and_back_does_not_return(
    phone: Phone, way: str
) -> None:
    phone.begin()
    phone.page.fill("#q-alias", CANARY)

    if way == "button":
        phone.page.click("#exit")
    else:
        for _ in range(3):
            phone.page.keyboard.press("Shift")

    phone.page.wait_for_url("**/field/away.html")
    assert CANARY not in phone.page.content()
    phone.page.go_back()
    phone.on("home")
    assert CANARY not in phone.page.content()
    phone.waits(0)
    assert len(phone.items()) == 1, "what was said had been sealed"


def test_the_phones_own_back_does_not_throw_answers_away(phone: Phone) -> None:
    phone.begin()
    phone.tell()

    phone.page.go_back()

    phone.at("person")
    assert phone.page.input_value("#q-alias") == CANARY


# The line.


def fetched(route: Any) -> Any:
    """Ask the node itself, and return its answer; the browser alone knows its address."""
    asked = urlsplit(route.request.url)
    url = asked._replace(netloc=f"127.0.0.1:{asked.port}").geturl()
    return route.fetch(url=url, headers={**route.request.headers, "host": asked.netloc}).json()


def test_two_tabs_send_each_item_once(phone: Phone) -> None:
    phone.context.set_offline(True)
    phone.screen()
    phone.waits(1)
    other = Phone(phone.context.new_page(), phone.address)
    other.open()
    other.on("home")
    other.waits(1)
    phone.sent.clear()
    other.sent.clear()

    phone.context.set_offline(False)
    for one in (phone, other):
        one.page.evaluate("dispatchEvent(new Event('online'))")
    phone.waits(0)

    assert len([*phone.items(), *other.items()]) == 1
    other.page.reload()
    other.waits(0)


def test_a_bad_line_is_sent_less_at_a_time(phone: Phone) -> None:
    phone.context.set_offline(True)
    for _ in range(5):
        phone.begin()
        phone.stop_here()
        phone.act("home")
    phone.waits(5)
    sizes: list[int] = []

    def breaks(route: Any) -> None:
        n = len(parcel_of(route.request)["items"])
        sizes.append(n)
        if n > 2:
            route.abort()
        else:
            route.continue_()

    phone.context.route("**/field/in", breaks)
    phone.context.set_offline(False)
    phone.page.evaluate("dispatchEvent(new Event('online'))")

    phone.waits(0)
    assert sizes[0] == 5
    assert 2 in sizes


@pytest.mark.parametrize("fault", ["forged", "silent", "cut", "down"])
def test_without_the_nodes_own_word_nothing_is_let_go(phone: Phone, fault: str) -> None:
    def answers(route: Any) -> None:
        if fault == "down":
            route.abort()
            return
        told = fetched(route)
        for receipt in told["receipts"]:
            receipt["sig"] = base64.b64encode(bytes(64)).decode()
        if fault == "silent":
            told["receipts"] = []
        body = json.dumps(told)
        route.fulfill(status=200, body=body[:20] if fault == "cut" else body)

    phone.context.route("**/field/in", answers)
    phone.begin()
    phone.stop_here()
    phone.page.click("#unsent")
    phone.on("queue")
    phone.page.wait_for_selector("[data-message=no_line], [data-message=no_receipt]")
    phone.waits(1)

    # The node had it all the time: it says so, and only now it goes.
    phone.context.unroute("**/field/in")
    phone.act("send")
    phone.waits(0)
    phone.page.wait_for_selector("[data-message=received]")


def test_what_the_node_refuses_is_set_aside_and_stops_nothing(phone: Phone) -> None:
    phone.context.set_offline(True)
    for _ in range(2):
        phone.begin()
        phone.stop_here()
        phone.act("home")
    spoiled: list[str] = []

    def spoils(route: Any) -> None:
        parcel = parcel_of(route.request)
        spoiled.append(parcel["items"][0]["record"])
        parcel["items"][0]["sig"] = base64.b64encode(bytes(64)).decode()
        route.continue_(post_data=gzip.compress(json.dumps(parcel).encode()))

    phone.context.route("**/field/in", spoils)
    phone.context.set_offline(False)
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.waits(1)

    phone.page.click("#unsent")
    phone.on("queue")
    phone.page.wait_for_selector("[data-aside=BAD_SIGNATURE]")
    phone.fits()


def test_a_node_that_does_not_know_the_phone_is_named_and_all_is_kept(phone: Phone) -> None:
    refusal = {"status": 404, "body": '{"v":1,"error":"UNKNOWN_DEVICE"}'}
    phone.context.route("**/field/in", lambda route: route.fulfill(**refusal))
    phone.begin()
    phone.stop_here()

    phone.page.wait_for_selector("#warnings [data-state=isUnknown]")
    phone.waits(1)


def test_a_renewed_key_and_a_wrong_clock_are_said_plainly(phone: Phone) -> None:
    def answers(route: Any) -> None:
        told = fetched(route)
        told |= {"key": "0" * 16, "now": "2031-01-01T00:00:00Z"}
        route.fulfill(status=200, body=json.dumps(told))

    phone.context.route("**/field/in", answers)
    phone.begin()
    phone.stop_here()

    phone.page.wait_for_selector("#warnings [data-state=hasOtherKey]")
    phone.page.wait_for_selector("#warnings [data-state=isClockWrong]")
    phone.on("sent", "received")


def test_without_a_line_the_queue_is_carried_as_a_file(
    phone: Phone, people: dict[Role, Persona], tmp_path: Path
) -> None:
    phone.context.set_offline(True)
    phone.screen()
    phone.page.click("#unsent")
    phone.on("queue")

    with phone.page.expect_download() as carried:
        phone.act("export")

    device = json.loads(Path(carried.value.path()).read_text())["device"]
    assert carried.value.suggested_filename == f"amana-{device[:8]}-1.amana"
    content = Path(carried.value.path()).read_bytes()
    assert CANARY.encode() not in content
    people[S].upload("/arrivals/bring", {}, "x.amana", content)
    phone.waits(1)
    phone.context.set_offline(False)
    phone.act("send")
    phone.waits(0)


def test_a_full_phone_says_so_and_sends_from_memory(phones: Any, invite: Any) -> None:
    phone = phones(script=FULL).enrol(invite())
    phone.context.set_offline(True)
    phone.begin()
    phone.tell()
    phone.page.evaluate("window.isFull = true")

    phone.stop_here()

    phone.page.wait_for_selector("#warnings [data-state=isFull]")
    phone.waits(1)
    phone.fits()
    phone.context.set_offline(False)
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    phone.waits(0)
    phone.on("sent", "received")
    assert phone.page.locator("#warnings [data-state=isFull]").count() == 0


def test_a_withdrawn_phone_sends_what_it_holds_and_forgets_everything(
    phone: Phone, people: dict[Role, Persona]
) -> None:
    phone.context.set_offline(True)
    phone.begin()
    phone.stop_here()
    phone.waits(1)
    phone.context.set_offline(False)
    phone.context.route("**/field/in", lambda route: route.abort())
    listed = people[S].open("/phones/").text
    held = phone.page.evaluate(KEPT)
    (device,) = {d for d in re.findall(r"/phones/(\w{32})/withdraw", listed) if d in held}
    people[S].post(f"/phones/{device}/withdraw", {}, at="/phones/")
    phone.context.unroute("**/field/in")

    phone.page.evaluate("dispatchEvent(new Event('online'))")

    phone.on("left")
    assert phone.page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    assert device not in phone.page.evaluate(KEPT)


# Enrolment.


def test_an_invitation_is_good_once_and_a_strangers_is_refused(
    phones: Any, invite: Any, phone: Phone
) -> None:
    code = invite()
    token, _, print_ = code.partition(".")
    stranger = phones()
    stranger.open(f"#enrol={token}.{'A' * len(print_)}")
    stranger.page.wait_for_selector(".error")
    stranger.on("enrol")
    assert stranger.page.url == f"{stranger.address}/field/"

    # The very same phone may ask again; another may not.
    stranger.enrol(code)
    late = phones()
    late.open(f"#enrol={code}")
    late.page.wait_for_selector(".error")
    late.on("enrol")


def test_a_phone_that_is_enrolled_again_keeps_and_sends_its_queue(
    phone: Phone, invite: Any
) -> None:
    phone.context.set_offline(True)
    phone.begin()
    phone.stop_here()
    phone.waits(1)
    phone.context.route("**/field/in", lambda route: route.abort())
    phone.context.set_offline(False)

    phone.open(f"#enrol={invite()}")
    phone.on("home")
    phone.waits(1)
    phone.context.unroute("**/field/in")
    phone.page.click("#unsent")
    phone.act("send")

    phone.waits(0)


# Groups.


def test_a_group_is_taken_in_one_wristband_after_the_other(phone: Phone) -> None:
    band, sister = new_reference("B"), new_reference("B")
    phone.open(f"#band={band}")
    phone.on("group")
    assert phone.page.input_value("#band") == band
    phone.page.fill("#sibling", sister)
    phone.act("sibling")
    phone.page.wait_for_selector(f"text={sister}")
    phone.fits()

    phone.act("begin")
    phone.page.wait_for_selector("body[data-screen=question]")
    phone.tick(d1="none", d2="none", d3="alone")
    phone.stop_here()
    phone.act("next")

    phone.on("group")
    assert phone.page.get_attribute("[data-counted]", "data-counted") == "1"
    assert phone.page.input_value("#band") == ""


def test_wristbands_are_checked_as_the_node_checks_them(phone: Phone) -> None:
    codes = [new_reference("B") for _ in range(40)]
    spoiled = [c[:3] + ("3" if c[3] != "3" else "4") + c[4:] for c in codes]
    cases = [*codes, *spoiled, "B-2222-222", "", "B-ZZZZ-ZZZZ"]

    found = phone.page.evaluate(
        """async (cases) => {
            const { wristband } = await import('/field/app.js');
            return cases.map(wristband);
        }""",
        cases,
    )

    assert found == [code if is_reference(code) else "" for code in cases]


# Drafts.


@pytest.fixture
def resuming(people: dict[Role, Persona]) -> Iterator[None]:
    """Let the unit's phones keep drafts."""
    people[A].post("/phones/unit/care/resuming", {"allow": "1"}, at="/phones/")
    yield
    people[A].post("/phones/unit/care/resuming", {"forbid": "1"}, at="/phones/")


def begun(phone: Phone) -> str:
    """Begin with a person and lock; return the four words."""
    phone.act("begin")
    phone.on("passphrase")
    phrase = str(phone.page.inner_text("[data-phrase]"))
    phone.act("begin")
    phone.at("danger")
    phone.tick(d1="none", d2="none", d3="alone")
    phone.act("on")
    phone.at("person")
    phone.page.fill("#q-alias", CANARY)
    return phrase


@pytest.mark.usefixtures("resuming")
def test_a_draft_opens_again_with_its_four_words_alone(phones: Any, invite: Any) -> None:
    phone = phones().enrol(invite("RESUME"))
    phrase = begun(phone)
    assert re.fullmatch(r"([b-z][aeiou][b-z][aeiou] ){3}[b-z][aeiou][b-z][aeiou]", phrase)
    phone.act("lock")
    phone.on("home")
    phone.page.wait_for_selector("[data-draft=OTHER]")
    assert CANARY not in phone.page.evaluate(KEPT)
    phone.fits()

    phone.page.reload()
    phone.on("home")
    phone.act("open")
    phone.on("locked")
    phone.page.fill("#phrase", "dada dada dada dada")
    phone.act("unlock")
    phone.page.wait_for_selector(".problems")
    phone.page.fill("#phrase", phrase.upper())
    phone.act("unlock")

    phone.at("person")
    assert phone.page.input_value("#q-alias") == CANARY
    phone.stop_here()
    phone.act("home")
    phone.on("home")
    assert phone.page.locator("[data-draft]").count() == 0


@pytest.mark.usefixtures("resuming")
def test_an_untouched_phone_locks_itself(phones: Any, invite: Any) -> None:
    phone = phones().enrol(invite("RESUME"))
    phone.page.clock.install()
    phone.page.reload()
    phone.on("home")
    phone.page.clock.run_for(10_000)
    begun(phone)

    phone.page.clock.run_for(200_000)

    phone.on("home")
    assert CANARY not in phone.page.content()
    phone.page.wait_for_selector("[data-draft]")


@pytest.mark.usefixtures("resuming")
def test_a_record_goes_from_one_phone_to_another(
    phones: Any, invite: Any, tmp_path: Path, people: dict[Role, Persona]
) -> None:
    first = phones().enrol(invite("RESUME"))
    phrase = begun(first)
    first.act("lock")
    first.page.wait_for_selector("[data-draft]")
    with first.page.expect_download() as carried:
        first.act("hand")
    handed = tmp_path / "handed.carnet"
    carried.value.save_as(handed)
    assert CANARY.encode() not in handed.read_bytes()

    second = phones().enrol(invite("RESUME"))
    second.page.set_input_files("#handed", handed)
    second.on("locked")
    second.page.fill("#phrase", phrase)
    second.act("unlock")
    second.at("person")
    assert second.page.input_value("#q-alias") == CANARY
    second.page.fill("#q-alias", "Minaouane")
    second.stop_here()
    second.on("sent", "received")

    # One record, begun on the first phone: the node sees no two phones that differ.
    assert read_at_node(people, "Minaouane")
    assert "/choose" not in people[S].open("/arrivals/").text


# How it feels.


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_is_open_to_everybody(phones: Any, invite: Any, language: str) -> None:
    phone = phones(language)
    phone.open()
    phone.on("enrol")
    phone.page.click(f".languages [lang={language}]")
    phone.page.wait_for_selector(f"html[lang={language}]")
    phone.fits()
    phone.enrol(invite())
    phone.fits()
    phone.act("begin")
    phone.at("danger")
    phone.act("on")
    phone.page.wait_for_selector(".problems")
    phone.fits()
    phone.tick(d1="watched", d2="none", d3="alone")
    phone.act("on")
    phone.at("person")
    phone.fits()
    phone.tell()
    phone.act("pause")
    phone.on("pause")
    phone.fits()
    phone.act("continue")
    phone.answer()
    phone.page.click(".reading summary")
    phone.fits()
    phone.act("seal")
    phone.on("sent", "received")
    phone.fits()
    phone.page.click("#unsent")
    phone.on("queue")
    phone.fits()
