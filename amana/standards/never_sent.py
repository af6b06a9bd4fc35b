"""Words that speak of what does not cross a border: a second look is asked where one is found."""

from collections.abc import Mapping
from functools import cache

from amana.standards import citations, codes
from amana.standards.datafile import MARKS, Place, opened


def read(root: Place) -> Mapping[str, tuple[str, ...]]:
    """Return the words of each topic, in every language together."""
    root.at("mark").one_of(MARKS)
    root.at("source").one_of(citations.load())
    topics = root.at("topics").keyed(only=codes.values("SCAN_TOPIC"))
    return {topic: place.texts() for topic, place in topics.items()}


@cache
def load() -> Mapping[str, tuple[str, ...]]:
    """Return the words of this node."""
    return read(opened("never_sent.json"))
