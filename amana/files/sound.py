"""A recording as its sound alone. Runs only inside the jail; only here is PyAV imported."""

from io import BytesIO
from typing import Any

import av

# Loaded now, although nothing here uses them: a container may hold such a stream, and once the
# worker is confined no further module can be read.
import av.audio.resampler
import av.sidedata.sidedata
import av.subtitles.codeccontext
import av.subtitles.stream
import av.subtitles.subtitle
import av.video.codeccontext
import av.video.stream
from av.audio import AudioStream
from av.container import InputContainer, OutputContainer

from amana.files.rules import Kind, NotAccepted, Reason

FORMATS = {Kind.M4A: "mp4", Kind.OGG: "ogg", Kind.MP3: "mp3", Kind.WAV: "wav"}
RATE = 48_000  # samples a second, Opus' own
BITS = 64_000  # a second: speech loses nothing that an ear finds
# At its full effort the encoder would not be done with an hour in the time that a file has.
EFFORT = {"compression_level": "2"}
# Between what a header promises and what is there; a frame more or less is no damage.
SLACK = 0.1  # seconds


def clean_sound(kind: Kind, data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the sound as Ogg Opus, whatever it was: one format that every browser here plays."""
    out = BytesIO()
    with av.open(BytesIO(data), "r", format=FORMATS[kind]) as old:
        source = _only_sound(old)
        promised = _promised(kind, data, source)
        # Otherwise the writer signs with its name and version.
        with av.open(out, "w", format="ogg", options={"fflags": "+bitexact"}) as new:
            written = _rewrite(old, source, new)
    if not written or written + SLACK < promised:
        raise NotAccepted(Reason.DAMAGED)
    return {"media_type": "audio/ogg", "seconds": round(written, 2)}, out.getvalue()


def _promised(kind: Kind, data: bytes, source: AudioStream) -> float:
    """Return the seconds that the file itself says it lasts, or nothing where it does not say."""
    # Without one of these headers the length of an MP3 is a guess from its size.
    if kind is Kind.MP3 and not any(word in data for word in (b"Xing", b"Info", b"VBRI")):
        return 0.0
    return float((source.duration or 0) * (source.time_base or 0))


def _only_sound(old: InputContainer) -> AudioStream:
    """Return the one recording; a film is refused, the picture on a record's sleeve is not."""
    films = [s for s in old.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if films or len(old.streams.audio) != 1:
        raise NotAccepted(Reason.NOT_A_KIND_WE_TAKE)
    return old.streams.audio[0]


def _rewrite(old: InputContainer, source: AudioStream, new: OutputContainer) -> float:
    """Decode and encode to the end; return how many seconds there were."""
    layout = "mono" if source.codec_context.channels == 1 else "stereo"
    target = new.add_stream("libopus", rate=RATE, layout=layout, bit_rate=BITS, options=EFFORT)
    target.codec_context.thread_count = source.codec_context.thread_count = 1
    even = av.AudioResampler(format="s16", layout=layout, rate=RATE)
    n_samples = 0
    for frame in old.decode(source):
        for part in even.resample(frame):
            n_samples += part.samples
            part.pts = None
            new.mux(target.encode(part))
    for part in even.resample(None):
        n_samples += part.samples
        part.pts = None
        new.mux(target.encode(part))
    new.mux(target.encode(None))
    return n_samples / RATE
