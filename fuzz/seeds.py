"""Write the first files of the corpora: honest bytes of each kind, from which the fuzzer departs.

    python -m fuzz.seeds

Run once, by hand; the keys in them are nobody's. What the fuzzer finds is added beside them.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from amana.crypto import age, framing, notes
from amana.crypto.hybrid import public_of
from amana.crypto.notes import Checkpoint, Proof, Request
from amana.crypto.signing import sign_public_of
from amana.exchange.directory import party_fields, sign_directory
from amana.exchange.rules import Header, Outer, ReceiptNote, encode
from amana.field.standin import Phone
from amana.identification.answers import Given
from amana.names.card import card_of
from amana.standards import openrosa, xlsform
from amana.standards.instruments import shelf
from amana.standards.references import check_character, written
from fuzz.targets import DEVICE, NOW, READER, ROOT

CORPUS = Path(__file__).parent / "corpus"
MID, LATER = "0123456789abcdef" * 2, "2026-12-20T16:00:00+00:00"
OFFER = {
    "reference": "R-ABCD-EFGH",
    "cover": {"age_band": "18_24", "sex": "F", "is_child": False, "needs": ["SHELTER"]},
    "purpose": "CARE_AFTER_RETURN",
    "ground": "CONSENT",
    "by": "Inventée",
}
INSTANCE = "uuid:6c1f2b7e-3d55-4c3a-9a51-0c8f1d2e3f40"
SHEETS: tuple[dict[str, Any], ...] = (
    {
        "instrument": "rapid-screening",
        "version": "2026-11-26",
        "answers": {"d1": ["none"], "minor": "no", "age": 24, "q03": ["brought"], "alias": "Lune"},
        "words": {"q03": "on m’a amenée"},
    },
    {"instrument": "rapid-screening", "answers": {"minor": "doubtful", "q08": ["unpaid"]}},
)
ANSWERS = (
    {"by": "Inventée", "text": "Un lit ?", "topics": ["SHELTER"]},
    {
        "by": "Inventée",
        "worker_name": "Koffi",
        "service": "un lit",
        "from_on": "2026-11-24",
        "decision": "ACCEPT",
    },
    {"by": "Inventée", "reason": "NO_PLACE"},
    {"by": "Inventée", "ground": "CONSENT", "identity": {"coded": {"n": 1}}, "unit_sealed": ""},
)


def _words(*said: object) -> list[bytes]:
    return [json.dumps(one, ensure_ascii=False).encode() for one in said]


def _headers() -> list[bytes]:
    header = Header(
        v=1,
        type="referral.offer",
        schema="referral.offer/1.0.0",
        mid=MID,
        conv=MID,
        inc=1,
        seq=2,
        in_reply_to="",
        sender="CI/GOV/invented/desk",
        to="MA/GOV/bench/referral-desk",
        to_kids=["00"],
        iat=NOW.isoformat(),
        exp=LATER,
        urgency="adult",
        legal_basis="CONSENT",
        consent_ref="1",
        purpose="CARE_AFTER_RETURN",
        handling="no-onward",
        minimum_dataset="offer",
        attachments=[],
        receipt_policy="relayed,delivered",
    )
    note = ReceiptNote(1, MID, 2, "00" * 32, NOW.isoformat(), "CI/GOV/invented/desk", "")
    return [encode(Outer(1, "MA", MID, LATER)), encode(header), encode(note)]


def _directory() -> dict[str, object]:
    party = party_fields("CI/X", {"en": "X"}, public_of(READER), sign_public_of(READER))
    log = [str(key) for key in notes.keys_of(READER, "ci.amana.example/log/1")]
    return {
        "country": "CI",
        "version": 1,
        "expires_at": LATER,
        "url": "http://127.0.0.1:9",
        "host": "other.localhost",
        "phone": "000",
        "log": log,
        "node": party,
        "desk": party,
        "unit": party,
    }


def _notes() -> list[bytes]:
    checkpoint = Checkpoint("ci.amana.example/log/1", 3, bytes(32))
    signed = bytes(notes.signed(READER, checkpoint, at=int(NOW.timestamp())))
    return [
        signed,
        bytes(Request(1, [bytes(32)], signed)),
        bytes(Proof(index=1, hashes=[bytes(32)], note=signed, extra=b"extra")),
        checkpoint.text.encode(),
        b"3\n",
        str(notes.keys_of(READER, "ci.amana.example/log/1")[0]).encode(),
    ]


def _asked() -> list[bytes]:
    def said(value: bytes) -> dict[str, str]:
        return {"~": base64.b64encode(value).decode()}

    account, box = "a" * 32, said(bytes(60))
    return _words(
        {"do": "hello"},
        {"do": "status"},
        {"do": "rotate", "force": False},
        {"do": "retire", "epoch": 1},
        {"do": "epochs", "ticket": said(bytes(32))},
        {"do": "enclose", "boxes": [box, box]},
        {"do": "relayer", "epoch": 1, "boxes": [box, said(b"short")]},
        {"do": "evaluate", "ticket": said(bytes(32)), "points": [said(bytes(32))]},
        {"do": "stretch", "account": account, "stretched": said(bytes(32)), "code": "000000"},
        {"do": "open", "account": account, "nonce": said(bytes(32)), "signature": said(b"x")},
        {
            "do": "enrol",
            "account": account,
            "signer": said(sign_public_of(READER)),
            "role": "R04",
            "totp": said(bytes(20)),
            "stretched": said(bytes(32)),
        },
        {"do": "glass_enclose", "key_ids": ["k"], "boxes": [box]},
        {
            "do": "glass_open",
            "key_id": "k",
            "box": box,
            "approvals": [{"account": account, "at": LATER, "signature": said(b"x")}],
        },
    )


FACTS = (
    {"minor": "no", "situation": "alone", "indicators": ["T1", "R1", "D1", "X1"]},
    {"minor": "yes", "situation": "separated", "indicators": ["P1"]},
)
BEGINNINGS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0",
    b"%PDF-1.7\n",
    b"RIFF\0\0\0\0WEBP",
    b"RIFF\0\0\0\0WAVE",
    b"ID3\x04",
    b"OggS",
    b"\0\0\0\x20ftypM4A ",
    b"\xff\xfb\x90\x00",
)
# Edits of a workbook: a wording, a whole row, what only follows from others, raw JSON.
EDITS = [
    b"2|3|4|Another wording\n",
    b"2|5|0\n1|2|1\n",
    b"2|4|9|selected(${d1}, 'none')\n",
    b'0|1|0|{"has": ["T1"]}\n0|2|1|[]\n',
    b"1|0|0|yes_no\n2|1|12|select_one yes_no\n2|0|3|begin_group\n",
]
PASSKEY = {
    "id": "AAAA",
    "rawId": "AAAA",
    "type": "public-key",
    "response": {"clientDataJSON": "e30", "attestationObject": "oA"},
}


def _sealed(sheet: dict[str, Any]) -> dict[str, Any]:
    """Return what a phone seals of one person."""
    band = written("B", "2222222" + check_character("2222222"))
    return {
        "v": 1,
        "record": DEVICE,
        "seq": 1,
        "version": "2026-11-26",
        "words": {},
        "skipped": {},
        **sheet,
        "started": {"minor": "yes"},
        "siblings": [band],
        "ms": 60_000,
        "unfinished": True,
    }


def _sent_by_a_phone() -> list[bytes]:
    phone = Phone(READER, {"device": DEVICE, "team": "care"})
    phone.told = {**phone.told, "recipient": base64.b64encode(public_of(READER)).decode()}
    for sheet in SHEETS:
        phone.keep({name: sheet[name] for name in ("instrument", "answers")}, record=DEVICE)
    return [phone.parcel(), phone.parcel([]), phone.enrolment("token.print")]


def seeds() -> Iterator[tuple[str, list[bytes]]]:
    """Yield honest bytes for each target."""
    yield (
        "frame",
        [framing.pack(b"c", b"header", b"body", READER, padded=p) for p in (True, False)],
    )
    yield "container", [age.encrypt([public_of(READER)] * n, b"words") for n in (1, 2)]
    yield "headers", _headers()
    yield "body", _words(OFFER, *ANSWERS)
    yield "published", [sign_directory(_directory(), ROOT), *_words(_directory())]
    yield "note", _notes()
    yield "keeper_line", _asked()
    found = card_of(code="MA-1", names=["Awa Inventée", "عائشة"], birth_year=2001, town="Daloa")
    yield "search_card", [found.packed()]
    yield "kind_of_file", [begins.ljust(64, b"\0") for begins in BEGINNINGS]
    yield "facts", _words(*FACTS)
    yield "answer_sheet", _words(*SHEETS)
    held = shelf().find("ilo-forced-labour")
    yield "instrument", _words(held.document, shelf().find("rapid-screening").document)
    yield "xlsform_sheet", [xlsform.export(held)]
    yield "xlsform_cells", EDITS
    told = [Given(sheet["answers"], sheet.get("words", {})) for sheet in SHEETS]
    rapid = shelf().find("rapid-screening")
    yield "submission", [openrosa.write(rapid, one, INSTANCE) for one in told]
    yield "passkey", _words(PASSKEY)
    yield "phone_parcel", _sent_by_a_phone()
    yield "phone_content", _words(*(_sealed(sheet) for sheet in SHEETS))


def main() -> None:
    """Write them."""
    for target, files in seeds():
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(files, start=1):
            (CORPUS / target / f"honest-{number:02d}").write_bytes(content)


if __name__ == "__main__":
    main()
