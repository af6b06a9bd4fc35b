"""A picture as its pixels alone. Runs only inside the jail; only here is Pillow imported."""

from io import BytesIO
from typing import Any

from PIL import Image, ImageOps, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401

from amana.files.rules import MOST_PIXELS, Kind, NotAccepted, Reason

# Loaded now: once the worker is confined, no further module can be.
Image.preinit()
# The cap is asked below, before a single pixel is decoded.
Image.MAX_IMAGE_PIXELS = None

QUALITY = 90
FORMATS = {Kind.JPEG: "JPEG", Kind.PNG: "PNG", Kind.WEBP: "WEBP"}
KEPT_MODES = {
    Kind.JPEG: ("L", "RGB"),
    Kind.PNG: ("L", "LA", "RGB", "RGBA"),
    Kind.WEBP: ("RGB", "RGBA"),
}


def clean_image(kind: Kind, data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the picture upright, of the same kind, without a word about where it was taken.

    Of a picture that moves, the first frame.
    """
    name = FORMATS[kind]
    with Image.open(BytesIO(data), formats=(name,)) as image:
        if image.width * image.height > MOST_PIXELS:
            raise NotAccepted(Reason.TOO_MANY_PIXELS)
        upright = _in_a_kept_mode(ImageOps.exif_transpose(image), KEPT_MODES[kind])
    # A picture made anew carries pixels and nothing that its maker wrote beside them.
    bare = Image.new(upright.mode, upright.size)
    bare.paste(upright)
    out = BytesIO()
    bare.save(out, format=name, quality=QUALITY)
    said = {"media_type": f"image/{name.lower()}", "width": bare.width, "height": bare.height}
    return said, out.getvalue()


def _in_a_kept_mode(image: Image.Image, kept: tuple[str, ...]) -> Image.Image:
    if image.mode.startswith("I"):
        # Sixteen bits of grey; without this, everything above one part in 256 would turn white.
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in kept:
        return image
    sees_through = "RGBA" in kept and ("A" in image.mode or "transparency" in image.info)
    return image.convert("RGBA" if sees_through else "RGB")
