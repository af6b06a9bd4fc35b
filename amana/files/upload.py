"""Where a file lies while it arrives: in memory alone. A temporary file would be plaintext."""

from typing import Any

from django.core.files.uploadhandler import MemoryFileUploadHandler

from amana.files.rules import LARGEST

# The form around the file.
AROUND = 64 * 1024


class InMemory(MemoryFileUploadHandler):
    """Holds what somebody who is signed in hands in, up to the largest file that is taken.

    Everything else is read to its end and dropped; the form then says that there is no file.
    """

    def handle_raw_input(self, *given: Any, **more: Any) -> None:
        """Decide before the first byte whether the file will be held."""
        super().handle_raw_input(*given, **more)
        _input, _headers, content_length, *_ = given
        is_somebody = getattr(self.request, "found_actor", None) is not None
        self.activated = is_somebody and content_length <= LARGEST + AROUND
