"""A phone in Python, to the letter of `docs/field.md`: for the demo, load tests and other tests.

Pure but for the randomness of keys. Whoever writes another client can start here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from amana.crypto.phones import seal_on_phone, sign, sign_public_of, verify
from amana.crypto.secrets import Seed, new_id, new_seed
from amana.field import rules
from amana.field.rules import Answer, Urgency


@dataclass
class Phone:
    """A phone: its signing key, what it was told at its enrolment, what it has not sent yet."""

    seed: Seed = field(default_factory=new_seed)
    told: Mapping[str, Any] = field(default_factory=dict)
    queue: dict[str, dict[str, Any]] = field(default_factory=dict)

    def enrolment(self, code: str) -> bytes:
        """Return the request that answers a QR code."""
        token = code.partition(".")[0]
        return _json(
            {
                "v": 1,
                "token": token,
                "public": rules.base64_of(sign_public_of(self.seed)),
                "proof": rules.base64_of(sign(self.seed, rules.enrolment(token))),
            }
        )

    def enrolled(self, told: Mapping[str, Any], code: str) -> "Phone":
        """Keep what the node answered; raises ValueError when the QR code names another key."""
        keys = (rules.unbase64(told["recipient"]), rules.unbase64(told["node_key"]))
        if None in keys or rules.print_of(*keys) != code.partition(".")[2]:  # type: ignore[arg-type]
            raise ValueError("the node shows another key than its QR code")
        self.told = told
        return self

    @property
    def recipient(self) -> bytes:
        return rules.unbase64(self.told["recipient"]) or b""

    def keep(
        self,
        content: Mapping[str, Any],
        *,
        record: str = "",
        urgency: Urgency = Urgency.OTHER,
    ) -> str:
        """Seal what was answered of one person and queue it; return the number of the record."""
        record = record or new_id()
        before = self.queue.get(record, {"seq": 0})
        seq = int(content.get("seq", before["seq"] + 1))
        whole = {
            "v": 1,
            "record": record,
            "seq": seq,
            "unfinished": False,
            "instrument": "",
            "version": "",
            "answers": {},
            "words": {},
            "skipped": {},
            "started": {},
            **{name: value for name, value in content.items() if name != "seq"},
        }
        self.queue[record] = self.sealed(rules.written(whole), record, seq, urgency)
        return record

    def sealed(self, plaintext: bytes, record: str, seq: int, urgency: str) -> dict[str, Any]:
        """Return an item: these bytes sealed to the team and signed, whatever they are."""
        team = self.told["team"]
        body = seal_on_phone(self.recipient, plaintext, rules.info_of(team, record, seq))
        key = rules.key_of(self.recipient)
        item = rules.Item(record, seq, team, key, Urgency(urgency), body, b"")
        return {
            "record": record,
            "seq": seq,
            "team": team,
            "key": key,
            "urgency": str(urgency),
            "body": rules.base64_of(body),
            "sig": rules.base64_of(sign(self.seed, item.signed(self.told["device"]))),
        }

    def parcel(self, items: Sequence[Mapping[str, Any]] | None = None) -> bytes:
        """Return what is sent: these items, or the first of the queue."""
        chosen = list(self.queue.values())[: rules.MOST_ITEMS] if items is None else list(items)
        return _json({"v": 1, "device": self.told["device"], "items": chosen})

    def file(self) -> bytes:
        """Return the whole queue as a file for another person to carry."""
        return self.parcel(list(self.queue.values()))

    def hear(self, told: Mapping[str, Any]) -> list[str]:
        """Forget what the node signed for; return what it refused."""
        node_key = rules.unbase64(self.told["node_key"]) or b""
        refused = []
        for one in told["receipts"]:
            if one["state"] not in rules.FINAL:
                refused.append(one["state"])
                continue
            signed = rules.receipt(
                self.told["device"], one["record"], one["seq"], Answer(one["state"])
            )
            held = self.queue.get(one["record"])
            is_true = verify(node_key, rules.unbase64(one.get("sig")) or b"", signed)
            if is_true and held is not None and held["seq"] <= one["seq"]:
                del self.queue[one["record"]]
        return refused


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
