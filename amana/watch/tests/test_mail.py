"""The one mail that leaves, looked at as bytes on their way through a real mail server."""

import re
import socketserver
import threading
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any

import pytest
from django.conf import settings as site
from django.test import override_settings

from amana.access.actions import tell
from amana.access.models import Notice
from amana.access.queries import of_role
from amana.access.rules import Role
from amana.exchange.models import Message
from amana.watch import actions, mail
from amana.watch.models import Mail
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@dataclass
class MailServer:
    """A mail server: it speaks SMTP on loopback and keeps every byte that it was told."""

    port: int
    said: list[bytes] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    is_refusing: bool = False


class Line(socketserver.StreamRequestHandler):
    """One connection of a client that hands over mail."""

    def handle(self) -> None:
        """Answer each command as a plain server does."""
        server: MailServer = self.server.kept  # type: ignore[attr-defined]
        self._answer("220 ready")
        while line := self.rfile.readline():
            server.said.append(line)
            verb = line[:4].upper()
            if verb == b"DATA":
                self._answer("354 go on")
                server.mails.append(self._content())
                self._answer("250 taken")
            elif verb == b"QUIT":
                self._answer("221 bye")
                return
            elif verb == b"MAIL" and server.is_refusing:
                self._answer("451 later")
            else:
                self._answer("250 well")

    def _content(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)

    def _answer(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@pytest.fixture
def server() -> Iterator[MailServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Line) as line:
        kept = MailServer(line.server_address[1])
        line.kept = kept  # type: ignore[attr-defined]
        threading.Thread(target=line.serve_forever, daemon=True).start()
        yield kept
        line.shutdown()


def named(port_: int, **more: Any) -> dict[str, Any]:
    """Return what node.json says of mail."""
    return {
        "host": "127.0.0.1",
        "port": port_,
        "starttls": False,
        "from": "desk@invented.example",
        "to": {"desk": ["duty@invented.example"], "coordinator": ["head@invented.example"]},
        **more,
    }


@pytest.fixture
def outlet(server: MailServer) -> Iterator[MailServer]:
    with override_settings(NODE=replace(site.NODE, mail=named(server.port)), LANGUAGE_CODE="fr"):
        yield server


def a_notice(role: Role, minutes: int = 0) -> None:
    """Leave a notice about something that no mail may say."""
    at = NOW + timedelta(minutes=minutes)
    tell({a.pk for a in of_role(role)}, "SILENCE_3", reference="R-SECRET-ZOU", now=at)


# What a mail program needs; anything else that a mail said would be a word too many.
ALLOWED = {
    *("subject", "from", "to", "date", "message-id", "mime-version"),
    *("content-type", "content-transfer-encoding"),
}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "Un message vous attend"),
        ("ar", "رسالة في انتظارك"),
        ("en", "A message waits for you"),
    ],
)
def test_the_bytes_on_the_line_say_that_a_message_waits_and_nothing_else(
    cast: Cast, outlet: MailServer, language: str, words: str
) -> None:
    a_notice(Role.DESK)
    with override_settings(LANGUAGE_CODE=language):
        assert actions.send_mail(NOW) == 1

    (raw,) = outlet.mails
    read = message_from_bytes(raw)
    assert {name.lower() for name in read} == ALLOWED
    assert str(make_header(decode_header(read["subject"]))) == words
    body = read.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().strip() == words
    assert (read["from"], read["to"]) == ("desk@invented.example", "duty@invented.example")
    assert read["date"].startswith("Sat, 21 Nov 2026 16:00:00")
    assert re.fullmatch(r"<[\d.]+@invented\.example>", read["message-id"])
    # Neither machine nor country, code, number of things or kind of notice, in any coding of it.
    line = b"".join([*outlet.said, raw])
    seen = line + b64decode(body_as_sent(raw)) if "base64" in str(read) else line
    for forbidden in (b"SECRET", b"SILENCE", b"localhost", b"Maroc", b"Morocco", b"Amana", b"R06"):
        assert forbidden.lower() not in seen.lower()
    assert outlet.said[0] == b"ehlo invented.example\r\n"


def body_as_sent(raw: bytes) -> bytes:
    return raw.partition(b"\r\n\r\n")[2]


def test_a_node_that_names_no_outlet_sends_nothing(cast: Cast, server: MailServer) -> None:
    a_notice(Role.DESK)

    assert actions.send_mail(NOW) == 0
    assert not Mail.objects.exists()


def test_an_address_is_told_at_most_once_an_hour_and_only_of_what_is_new(
    cast: Cast, outlet: MailServer
) -> None:
    a_notice(Role.DESK)
    assert [actions.send_mail(NOW + timedelta(minutes=m)) for m in (0, 1, 61, 122)] == [1, 0, 0, 0]

    a_notice(Role.DESK, minutes=123)
    a_notice(Role.DESK, minutes=124)
    sent = [actions.send_mail(NOW + timedelta(minutes=m)) for m in (124, 125, 180, 185, 250)]
    assert sum(sent) == 1
    a_notice(Role.DESK, minutes=126)
    assert [actions.send_mail(NOW + timedelta(minutes=m)) for m in (127, 183, 185)] == [0, 0, 1]


def test_each_role_is_told_of_its_own(cast: Cast, outlet: MailServer) -> None:
    a_notice(Role.COORDINATOR)
    actions.send_mail(NOW)

    assert [message_from_bytes(raw)["to"] for raw in outlet.mails] == ["head@invented.example"]


def test_a_sealed_message_that_nobody_opened_is_told_to_the_desk_alone(
    cast: Cast, outlet: MailServer
) -> None:
    Message.objects.create(
        mid="e" * 32,
        is_ours=False,
        country="CI",
        container=b"",
        sha256="",
        outer=b"",
        expires_at=NOW + timedelta(days=30),
        stored_at=NOW,
    )
    actions.send_mail(NOW)

    assert [message_from_bytes(raw)["to"] for raw in outlet.mails] == ["duty@invented.example"]


def test_a_server_that_refuses_or_is_away_is_tried_again_later_and_stops_nothing(
    cast: Cast, outlet: MailServer
) -> None:
    outlet.is_refusing = True
    a_notice(Role.DESK)
    assert [actions.send_mail(NOW + timedelta(seconds=s)) for s in (0, 30, 61)] == [0, 0, 0]
    assert Mail.objects.get().attempts == 2
    outlet.is_refusing = False
    with override_settings(NODE=replace(site.NODE, mail=named(9))):
        assert actions.send_mail(NOW + timedelta(minutes=4)) == 0

    assert actions.send_mail(NOW + timedelta(minutes=9)) == 1
    assert Mail.objects.get().attempts == 0


def test_who_is_killed_after_handing_over_sends_no_second_mail_within_the_hour(
    cast: Cast, outlet: MailServer
) -> None:
    """What a killed worker leaves is the hour that it took before, and no word that it was told."""
    a_notice(Role.DESK)
    Mail.objects.create(
        address="duty@invented.example", wanted_at=NOW, not_before=NOW + actions.MAIL_EVERY
    )

    assert actions.send_mail(NOW + timedelta(minutes=59)) == 0
    assert actions.send_mail(NOW + timedelta(minutes=60)) == 1


def test_a_clock_that_ran_ahead_silences_no_address_for_longer_than_an_hour(
    cast: Cast, outlet: MailServer
) -> None:
    a_notice(Role.DESK, minutes=60 * 24 * 30)
    assert actions.send_mail(NOW + timedelta(days=30)) == 1
    Notice.objects.all().delete()
    a_notice(Role.DESK, minutes=5)

    assert actions.send_mail(NOW + timedelta(minutes=5)) == 1


@pytest.mark.parametrize(
    "spoiled",
    [
        {"host": None, "to": {"nobody": ["a@b.example"]}},
        {"to": {"desk": ["not an address"]}},
        {"to": {"desk": ["a@b.example\r\nBcc: c@d.example"]}},
        {"port": "x"},
        {"from": ""},
        {"to": []},
    ],
)
def test_what_is_no_outlet_is_refused(spoiled: dict[str, Any]) -> None:
    with pytest.raises(mail.BadMail):
        mail.outlet(named(25, **spoiled))
