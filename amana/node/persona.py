"""A person at a browser, for the demo and the corridor: opens pages, fills in forms, nothing else.

Everything it does passes the same doors, forms and actions as a person's browser does.
"""

import html
import http.client
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from amana.keeper.rules import DEMO_CODE

TIMEOUT = 120.0
TYPED_FORM = "application/x-www-form-urlencoded"
Value = str | Sequence[str]


class Unexpected(Exception):
    """A page did not do what the story says; names the page's path and its objections."""


@dataclass(frozen=True)
class Seen:
    """A page as it came."""

    status: int
    path: str
    text: str

    def objections(self) -> list[str]:
        """Return the codes of what stood against an act."""
        return re.findall(r'data-objection="(\w+)"', self.text)

    def first(self, pattern: str) -> str | None:
        """Return the first match of a pattern's group on the page."""
        found = re.search(pattern, self.text)
        return html.unescape(found.group(1)) if found else None

    def all(self, pattern: str) -> list[str]:
        """Return every match of a pattern's group on the page, once each, in order."""
        return list(dict.fromkeys(html.unescape(m) for m in re.findall(pattern, self.text)))


@dataclass
class Typed:
    """What was typed about people, kept so that a scan can look for it where it must not be."""

    names: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    narratives: list[str] = field(default_factory=list)


class Persona:
    """One signed-in person at one node."""

    def __init__(self, *, port: int, host: str, sign_in_name: str, password: str) -> None:
        self.port, self.host, self.sign_in_name = port, host, sign_in_name
        self._password = password
        self._cookies: dict[str, str] = {}

    def sign_in(self) -> "Persona":
        """Sign in; raises Unexpected when the door stays shut."""
        self._cookies.clear()
        fields = {
            "sign_in_name": self.sign_in_name,
            "password": self._password,
            "code": DEMO_CODE,
        }
        page = self.post("/sign-in", fields)
        if page.path != "/":
            why = ", ".join(page.objections()) or f"{page.path} answered {page.status}"
            raise Unexpected(f"{self.sign_in_name} could not sign in at {self.host}: {why}")
        return self

    def speak(self, language: str) -> None:
        """Choose the language of the pages."""
        self.post("/language", {"language": language, "next": "/"})

    def open(self, path: str) -> Seen:
        """Open a page that must be there; sign in again when the session has ended."""
        page = self.look(path)
        if page.status != 200:
            raise Unexpected(f"{path} answered {page.status}")
        return page

    def look(self, path: str) -> Seen:
        """Open a page that may not be there yet."""
        page = self._follow(self._ask("GET", path, None))
        if page.path == "/sign-in" and path != "/sign-in":
            return self.sign_in().look(path)
        return page

    def post(self, path: str, fields: Mapping[str, Value], *, at: str | None = None) -> Seen:
        """Send a form; raises Unexpected with the objections when it is refused."""
        if "csrf" not in " ".join(self._cookies):
            self.open("/sign-in")
        token = self._token(at)
        body = urlencode({"csrfmiddlewaretoken": token, **fields}, doseq=True)
        page = self._follow(self._ask("POST", path, body))
        if page.path == "/sign-in" and path not in ("/sign-in", "/language"):
            self.sign_in()
            return self.post(path, fields, at=at)
        if page.path.startswith("/step-up") and path != "/step-up":
            # The half hour is over: show once more who it is, then ask again.
            self.post("/step-up", {"password": self._password, "code": DEMO_CODE, "back": "/"})
            return self.post(path, fields, at=at)
        if page.status >= 400:
            reasons = page.objections() or page.all(r'class="error"[^>]*>\s*<p>(.*?)</p>')
            raise Unexpected(f"{path} answered {page.status}: {', '.join(reasons)}")
        return page

    def wait(self, path: str, is_there: Callable[[Seen], bool], what: str) -> Seen:
        """Open a page again and again until it shows what must come."""
        deadline = time.monotonic() + TIMEOUT
        pause = 0.05
        while time.monotonic() < deadline:
            page = self.look(path)
            if is_there(page):
                return page
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        raise Unexpected(f"{what} did not come within {TIMEOUT:.0f} s")

    def upload(self, path: str, fields: Mapping[str, str], name: str, content: bytes) -> Seen:
        """Hand in a file with a form; raises Unexpected when it is refused."""
        self.open("/")
        edge = "invented-edge-of-a-form"
        said = {"csrfmiddlewaretoken": self._token(None), **fields}
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
            for k, v in said.items()
        ]
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"'
        parts.append(f"--{edge}\r\n{head}\r\n\r\n".encode() + content + b"\r\n")
        body = b"".join(parts) + f"--{edge}--\r\n".encode()
        kind = f"multipart/form-data; boundary={edge}"
        page = self._follow(self._ask("POST", path, body, kind))
        if page.status >= 400:
            raise Unexpected(f"{path} answered {page.status}")
        return page

    def wait_post(
        self, path: str, fields: Mapping[str, Value], is_there: Callable[[Seen], bool]
    ) -> Seen:
        """Send a form again and again until its answer shows what must come."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            page = self.post(path, fields)
            if is_there(page):
                return page
            time.sleep(0.5)
        raise Unexpected(f"{path} did not show what must come within {TIMEOUT:.0f} s")

    def _token(self, at: str | None) -> str:
        cookie = next(v for k, v in self._cookies.items() if "csrf" in k)
        if at is None:
            return cookie
        return self.open(at).first(r'name="csrfmiddlewaretoken" value="([^"]+)"') or cookie

    def _follow(self, page: tuple[int, str, str, str]) -> Seen:
        status, path, text, location = page
        while status in (301, 302, 303):
            target = urlsplit(location)
            path = target.path + (f"?{target.query}" if target.query else "")
            status, _, text, location = self._ask("GET", path, None)
        return Seen(status, path, text)

    def _ask(
        self, method: str, path: str, body: str | bytes | None, kind: str = TYPED_FORM
    ) -> tuple[int, str, str, str]:
        headers = {
            "Host": f"{self.host}:{self.port}",
            "Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items()),
            "Referer": f"http://{self.host}:{self.port}{path}",
        }
        if body is not None:
            headers["Content-Type"] = kind
            headers["Origin"] = f"http://{self.host}:{self.port}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request(method, path, body=body, headers=headers)
            return self._taken(path, connection.getresponse())
        finally:
            connection.close()

    def _taken(self, path: str, answer: http.client.HTTPResponse) -> tuple[int, str, str, str]:
        """Read an answer, and keep or drop the cookies that it sets."""
        data = answer.read()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            value = rest.split(";")[0].strip('"')
            if value:
                self._cookies[name] = value
            else:
                self._cookies.pop(name, None)
        return answer.status, path, data.decode(), answer.headers.get("Location", "")
