"""Files as people's phones and offices make them, each with a canary in every corner of it."""

from io import BytesIO

import av
import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image, PngImagePlugin

from amana.files.rules import Kind

CANARY = "SONGEUR-7731"
# 6° 49′ 12″ north, in the way that a camera writes it.
LATITUDE = (6.0, 49.0, 12.0)
XMP = f"<x:xmpmeta><rdf:li>{CANARY}</rdf:li></x:xmpmeta>".encode()


def exif() -> Image.Exif:
    """Return a camera's notes: its owner, where it stood, and that it was held on its side."""
    notes = Image.Exif()
    notes[0x013B] = CANARY
    notes[0x0112] = 6
    notes.get_ifd(0x8825).update({1: "N", 2: LATITUDE, 3: "W", 4: LATITUDE, 27: CANARY.encode()})
    return notes


def picture(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Return a picture with something to see in it."""
    return Image.linear_gradient("L").resize(size).convert(mode)


def jpeg(mode: str = "RGB") -> bytes:
    out = BytesIO()
    picture(mode).save(out, "JPEG", exif=exif(), xmp=XMP, comment=CANARY.encode())
    return out.getvalue()


def png(mode: str = "RGBA") -> bytes:
    out, text = BytesIO(), PngImagePlugin.PngInfo()
    text.add_text("Author", CANARY)
    text.add_itxt("Comment", CANARY, zip=True)
    picture(mode).save(out, "PNG", pnginfo=text, exif=exif())
    return out.getvalue()


def webp() -> bytes:
    out = BytesIO()
    picture().save(out, "WEBP", exif=exif(), xmp=XMP)
    return out.getvalue()


def pdf(n_pages: int = 2) -> bytes:
    """Return a document with everything in it that a document need not have."""
    out = BytesIO()
    with Pdf.new() as made:
        script = Dictionary(S=Name.JavaScript, JS=f"app.alert('{CANARY}')")
        photograph = made.make_stream(
            jpeg(),
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=64,
            Height=48,
            ColorSpace=Name.DeviceRGB,
            BitsPerComponent=8,
            Filter=Name.DCTDecode,
            Metadata=made.make_stream(XMP),
        )
        fields = [_field(made) for _ in range(n_pages)]
        for field in fields:
            page = made.add_blank_page(page_size=(200, 200)).obj
            page.Resources = Dictionary(XObject=Dictionary(Im0=photograph))
            page.Contents = made.make_stream(b"q 64 0 0 48 10 10 cm /Im0 Do Q")
            page.AA = Dictionary(O=script)
            page.PieceInfo = Dictionary(Maker=Dictionary(Private=CANARY))
            page.Annots = Array([_link(made), field])
        made.Root.OpenAction = script
        made.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array(["a", script])))
        made.Root.AcroForm = Dictionary(Fields=Array(fields), XFA=made.make_stream(XMP))
        made.attachments["notes.txt"] = CANARY.encode()
        made.docinfo["/Author"] = CANARY
        with made.open_metadata() as notes:
            notes["dc:creator"] = [CANARY]
        made.save(out)
    return out.getvalue()


def _link(made: Pdf) -> pikepdf.Object:
    act = Dictionary(S=Name.URI, URI=f"https://elsewhere.example/{CANARY}")
    return made.make_indirect(
        Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), A=act)
    )


def _field(made: Pdf) -> pikepdf.Object:
    """Return a form's field; what it shows, and not what it holds, is part of the page."""
    shown = made.make_stream(
        b"0 0 20 10 re f % shown", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 20, 10])
    )
    return made.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            F=4,
            T="name",
            V=CANARY,
            Rect=Array([50, 50, 70, 60]),
            AP=Dictionary(N=shown),
        )
    )


def locked_pdf(password: str) -> bytes:
    out = BytesIO()
    with Pdf.new() as made:
        made.add_blank_page()
        made.save(out, encryption=pikepdf.Encryption(owner="owner", user=password))
    return out.getvalue()


def sound(container: str, codec: str, rate: int = 48_000, seconds: int = 2) -> bytes:
    """Return a hum, with a title and a place in its tags."""
    out = BytesIO()
    with av.open(out, "w", format=container) as made:
        made.metadata.update(
            {"title": CANARY, "artist": CANARY, "comment": CANARY, "location": CANARY}
        )
        stream = made.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        hum = bytes(range(256)) * 8
        even = av.AudioResampler(stream.format, "mono", rate, frame_size=stream.frame_size or 1024)
        for _ in range(seconds * rate // 960):
            frame = av.AudioFrame(format="s16", layout="mono", samples=960)
            frame.sample_rate = rate
            frame.planes[0].update(
                hum[: frame.planes[0].buffer_size].ljust(frame.planes[0].buffer_size)
            )
            for part in even.resample(frame):
                made.mux(stream.encode(part))
        made.mux(stream.encode(None))
    return out.getvalue()


def film() -> bytes:
    """Return what names itself a recording and holds moving pictures."""
    out = BytesIO()
    with av.open(out, "w", format="mp4") as made:
        stream = made.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(10):
            made.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        made.mux(stream.encode(None))
    return out.getvalue()


SAMPLES = {
    Kind.JPEG: jpeg(),
    Kind.PNG: png(),
    Kind.WEBP: webp(),
    Kind.PDF: pdf(),
    Kind.M4A: sound("ipod", "aac"),
    Kind.OGG: sound("ogg", "libopus"),
    Kind.MP3: sound("mp3", "libmp3lame"),
    Kind.WAV: sound("wav", "pcm_s16le"),
}
