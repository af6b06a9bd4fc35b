"""The one mail that ever leaves: that something waits. No code, no country, no count, no name."""

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from amana.access.rules import Role

# Whom node.json may name, by role.
ROLES: Mapping[str, Role] = {
    "desk": Role.DESK,
    "coordinator": Role.COORDINATOR,
    "plan": Role.PLAN,
}
# Longer than this no mail server is waited for: what else the worker does is more urgent.
TIMEOUT = 5.0


class BadMail(ValueError):
    """What node.json says of mail is not whole."""


@dataclass(frozen=True)
class Outlet:
    """Where mail is handed over, from which address, and who is told."""

    host: str
    port: int
    sender: str
    starttls: bool
    to: Mapping[Role, Sequence[str]]

    @property
    def addresses(self) -> list[tuple[str, Role]]:
        """Return every address with the role behind it."""
        return [(address, role) for role, found in self.to.items() for address in found]


def outlet(said: Mapping[str, Any]) -> Outlet | None:
    """Return the outlet that node.json names; None where it names none. Raises BadMail."""
    if not said:
        return None
    try:
        to = {ROLES[name]: tuple(map(_address, found)) for name, found in said["to"].items()}
        sender, host, port = _address(said["from"]), str(said["host"]), int(said["port"])
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        raise BadMail("mail in node.json needs host, port, from, and to by role") from fault
    # Without it the address of the desk would go over the line in the open.
    return Outlet(host, port, sender, bool(said.get("starttls", True)), to)


def _address(text: str) -> str:
    name, _, domain = text.partition("@")
    if (
        not name
        or not domain
        or not text.isascii()
        or any(c.isspace() or c in "<>,;\"'" for c in text)
    ):
        raise BadMail("an address in node.json is none")
    return text


def message(outlet_: Outlet, address: str, language: str, now: datetime) -> bytes:
    """Return the bytes of the mail: its subject and its text are the same few words."""
    with translation.override(language):
        words = gettext("A message waits for you")
    mail = EmailMessage(policy=SMTP)
    mail["Subject"], mail["From"], mail["To"] = words, outlet_.sender, address
    mail["Date"] = format_datetime(now)
    # The number names the domain that the sender's address names anyway, and no machine.
    mail["Message-ID"] = make_msgid(domain=_domain(outlet_))
    mail.set_content(words)
    return mail.as_bytes()


def hand_over(outlet_: Outlet, address: str, content: bytes) -> None:
    """Give one mail to the server. Raises OSError where it does not take it."""
    with smtplib.SMTP(
        outlet_.host, outlet_.port, local_hostname=_domain(outlet_), timeout=TIMEOUT
    ) as line:
        if outlet_.starttls:
            line.starttls(context=ssl.create_default_context())
        line.sendmail(outlet_.sender, [address], content)


def _domain(outlet_: Outlet) -> str:
    return outlet_.sender.rpartition("@")[2]
