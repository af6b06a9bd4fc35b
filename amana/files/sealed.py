"""A file at rest: sealed to one key, in chunks that belong to this file and this place in it."""

from collections.abc import Iterable, Iterator

from amana.crypto.secrets import Key
from amana.crypto.stream import open_stream, seal_stream


def seal_file(*, key: Key, file: str, content: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what is kept; `file` is the file's own id, `key` a random key of this file alone."""
    return seal_stream(key, f"files.file:{file}", content)


def open_file(*, key: Key, file: str, kept: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the content in chunks; raises CannotOpen where it is not what was sealed.

    For an answer that must be whole or not at all, use `whole_file`.
    """
    return open_stream(key, f"files.file:{file}", kept)


def whole_file(*, key: Key, file: str, kept: Iterable[bytes]) -> bytes:
    """Return all of the content, or raise CannotOpen and return nothing of it."""
    return b"".join(open_file(key=key, file=file, kept=kept))
