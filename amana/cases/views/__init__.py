"""The case on a page."""

from amana.cases.views.attachments import attach, file
from amana.cases.views.erasures import erase, erasure_approve, erasure_decline, erasures
from amana.cases.views.files import (
    case,
    case_list,
    compartment,
    confirm,
    consent,
    grounds,
    open_,
    withdraw,
    write,
)
from amana.cases.views.glass import glass_approve, glass_list, glass_open
from amana.cases.views.people import assign, conflict, involve, openings, people, release, report

__all__ = [
    "assign",
    "attach",
    "case",
    "case_list",
    "compartment",
    "confirm",
    "conflict",
    "consent",
    "erase",
    "erasure_approve",
    "erasure_decline",
    "erasures",
    "file",
    "glass_approve",
    "glass_list",
    "glass_open",
    "grounds",
    "involve",
    "open_",
    "openings",
    "people",
    "release",
    "report",
    "withdraw",
    "write",
]
