"""The network of shelters on a page: the search for a bed, houses, stays, what is raised."""

from amana.shelters.views.apart import apart
from amana.shelters.views.asking import ask, bed, climb, decline, take, withdraw
from amana.shelters.views.beds import answer, count, figures, places, way
from amana.shelters.views.groups import group, group_asked, manifest, situation
from amana.shelters.views.log import complaint, log, reports
from amana.shelters.views.registry import change_house, house, hsds, new_house
from amana.shelters.views.stays import end, exit_sheet, missing, raised, stay, stays

__all__ = [
    "answer",
    "apart",
    "ask",
    "bed",
    "change_house",
    "climb",
    "complaint",
    "count",
    "decline",
    "end",
    "exit_sheet",
    "figures",
    "group",
    "group_asked",
    "house",
    "hsds",
    "log",
    "manifest",
    "missing",
    "new_house",
    "places",
    "raised",
    "reports",
    "situation",
    "stay",
    "stays",
    "take",
    "way",
    "withdraw",
]
