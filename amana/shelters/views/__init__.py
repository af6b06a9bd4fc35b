"""The network of shelters on a page: the search for a bed, and the houses as they are entered."""

from amana.shelters.views.beds import answer, ask, bed, count, figures, places, take, way
from amana.shelters.views.registry import house, new_house

__all__ = [
    "answer",
    "ask",
    "bed",
    "count",
    "figures",
    "house",
    "new_house",
    "places",
    "take",
    "way",
]
