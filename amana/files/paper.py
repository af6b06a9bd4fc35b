"""A PDF as its pages alone. Runs only inside the jail; only here is pikepdf imported."""

from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Object, Pdf, Stream
from pikepdf.exceptions import QpdfRuntimeError

from amana.files.rules import Kind, NotAccepted, Reason

# A page is what it shows and on what sheet; links, buttons, forms and clocks are not that.
OF_A_PAGE = ("/Type", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents", "/UserUnit")
# What hangs on pictures, fonts and drawings and is not seen: notes on the maker, older versions,
# other files, other places to read from.
UNSEEN = (
    *("/Metadata", "/PieceInfo", "/LastModified", "/AF", "/EF", "/OPI", "/Ref", "/Alternates"),
    *("/AA", "/OpenAction", "/JS", "/JavaScript", "/StructParent", "/StructParents", "/PtData"),
)
OF_A_STREAM = ("/F", "/FFilter", "/FDecodeParms")


def clean_paper(kind: Kind, data: bytes) -> tuple[dict[str, Any], bytes]:  # noqa: ARG001
    """Return the pages of a document; what fields and stamps show is drawn into them first."""
    try:
        old = Pdf.open(BytesIO(data), attempt_recovery=False)
    except (pikepdf.PasswordError, QpdfRuntimeError):
        # For a locked document alone random numbers are asked for, and the jail has no device.
        raise NotAccepted(Reason.LOCKED_PDF) from None
    with old, Pdf.new() as new:
        if old.is_encrypted:
            raise NotAccepted(Reason.LOCKED_PDF)
        old.flatten_annotations("all")
        for page in old.pages:
            _inherit(page.obj)
            for key in [k for k in page.obj.keys() if k not in OF_A_PAGE]:  # noqa: SIM118
                del page.obj[key]
            new.pages.append(page)
        if not len(new.pages):
            raise NotAccepted(Reason.DAMAGED)
        for thing in new.objects:
            _strip(new, thing)
        out = BytesIO()
        new.save(out, deterministic_id=True, fix_metadata_version=False)
        return {"media_type": "application/pdf", "pages": len(new.pages)}, out.getvalue()


def _inherit(page: Object) -> None:
    """Give a page what stands only on the branch of the tree that it hangs on."""
    for key in ("/Resources", "/MediaBox", "/CropBox", "/Rotate"):
        branch = page
        for _ in range(64):
            if key in branch or "/Parent" not in branch:
                break
            branch = branch["/Parent"]
        if key in branch and key not in page:
            page[key] = branch[key]


def _strip(new: Pdf, thing: Object) -> None:
    """Take what is not seen from an object and from all that is written inside it."""
    waiting = [thing]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Stream):
            _take(found, OF_A_STREAM)
            _strip_picture(new, found)
        if isinstance(found, Dictionary | Stream):
            _take(found, UNSEEN)
            waiting += [value for _, value in found.items() if _is_inside(value)]
        elif isinstance(found, Array):
            waiting += [value for value in found if _is_inside(value)]


def _take(found: Object, keys: tuple[str, ...]) -> None:
    for key in keys:
        if key in found:
            del found[key]


def _is_inside(value: object) -> bool:
    """Say whether a value is written where it stands; what stands elsewhere has its own turn."""
    return isinstance(value, Dictionary | Array) and not value.is_indirect


def _strip_picture(new: Pdf, stream: Stream) -> None:
    """Take a camera's notes out of a photograph that lies in the document as it was taken."""
    filters = stream.get("/Filter", Array())
    chain = list(filters) if isinstance(filters, Array) else [filters]
    strip = STRIPPED.get(str(chain[-1])) if chain else None
    if strip is None:
        return
    data = stream.read_raw_bytes()
    if len(chain) > 1:
        data = Stream(new, data, Filter=Array(chain[:-1])).read_bytes()
    parms = stream.get("/DecodeParms")
    last = parms[-1] if isinstance(parms, Array) and len(parms) else parms
    stream.write(
        strip(data),
        filter=Array(chain[-1:]),
        decode_parms=last if isinstance(last, Dictionary) else None,
    )


def bare_jpeg(data: bytes) -> bytes:
    """Return a JPEG without its notes: of the application segments, only those of colour stay."""
    kept, at = [data[:2]], 2
    while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] != b"\xda":
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        marker = data[at + 1]
        # E0 is JFIF and EE says how an Adobe program mixed its colours; FE is a remark.
        if marker in (0xE0, 0xEE) or not (0xE1 <= marker <= 0xEF or marker == 0xFE):
            kept.append(data[at:end])
        if end > len(data):
            raise NotAccepted(Reason.DAMAGED)
        at = end
    return b"".join([*kept, data[at : data.rfind(b"\xff\xd9") + 2]])


def bare_jpx(data: bytes) -> bytes:
    """Return a JPEG 2000 without the boxes in which its maker writes (ISO 15444-1, annex I)."""
    kept, at = [], 0
    if data[4:8] != b"jP  ":
        return data
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4]) or len(data) - at
        if size < 8 or at + size > len(data):
            raise NotAccepted(Reason.DAMAGED)
        if data[at + 4 : at + 8] not in (b"xml ", b"uuid", b"uinf"):
            kept.append(data[at : at + size])
        at += size
    return b"".join(kept)


STRIPPED = {"/DCTDecode": bare_jpeg, "/JPXDecode": bare_jpx}
