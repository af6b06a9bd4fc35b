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
from amana.field.views.line import arrive, enrol, leave, recorded, recording, shell
from amana.field.views.operations import (
    end_operation,
    more_wristbands,
    new_operation,
    operation,
    operations,
    wristbands,
)
from amana.field.views.phones import phones, resuming, withdraw

__all__ = [
    "arrivals",
    "arrive",
    "bring",
    "choose",
    "end_operation",
    "enrol",
    "leave",
    "more_wristbands",
    "new_operation",
    "open_apart",
    "open_waiting",
    "operation",
    "operations",
    "phones",
    "record",
    "recorded",
    "recording",
    "resuming",
    "shell",
    "take_apart",
    "withdraw",
    "wristbands",
]
