"""The phone's door, the shell, phones, arrivals."""

from amana.field.views.arrivals import (
    arrivals,
    bring,
    choose,
    open_apart,
    open_waiting,
    record,
    take_apart,
)
from amana.field.views.line import arrive, enrol, leave, shell
from amana.field.views.phones import phones, resuming, withdraw

__all__ = [
    "arrivals",
    "arrive",
    "bring",
    "choose",
    "enrol",
    "leave",
    "open_apart",
    "open_waiting",
    "phones",
    "record",
    "resuming",
    "shell",
    "take_apart",
    "withdraw",
]
