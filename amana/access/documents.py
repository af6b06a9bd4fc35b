"""A sealed document: a small mapping under one key, bound to the place where it lies."""

import json
from collections.abc import Mapping
from typing import Any

from amana.crypto.boxes import Place, seal, unseal
from amana.crypto.secrets import Key


def seal_document(key: Key, document: Mapping[str, Any], place: Place) -> bytes:
    """Return the sealed bytes of a document; they open only with this key at this place."""
    return seal(key, json.dumps(document, ensure_ascii=False).encode(), place)


def open_document(key: Key, box: bytes, place: Place) -> dict[str, Any]:
    """Return the document; raises CannotOpen for another key, another place, a changed byte."""
    document = json.loads(unseal(key, bytes(box), place))
    if not isinstance(document, dict):
        raise TypeError("a sealed document is a mapping")
    return document
