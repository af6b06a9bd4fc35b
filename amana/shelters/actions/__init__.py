"""Everything that changes the network of shelters."""

from amana.shelters.actions.asking import (
    accept,
    answer_no,
    ask,
    climb,
    decline,
    forget,
    hold,
    keep_apart,
    request_bed,
    sweep,
    withdraw,
)
from amana.shelters.actions.notes import close_note, write_note
from amana.shelters.actions.registry import (
    Room,
    add_shelter,
    add_unit,
    change_shelter,
    count_free,
    set_beds,
    set_status,
    write_address,
)
from amana.shelters.actions.staying import (
    admit,
    begin_transport,
    end_stay,
    escorts,
    open_way,
    review,
)

__all__ = [
    "Room",
    "accept",
    "add_shelter",
    "add_unit",
    "admit",
    "answer_no",
    "ask",
    "begin_transport",
    "change_shelter",
    "climb",
    "close_note",
    "count_free",
    "decline",
    "end_stay",
    "escorts",
    "forget",
    "hold",
    "keep_apart",
    "open_way",
    "request_bed",
    "review",
    "set_beds",
    "set_status",
    "sweep",
    "withdraw",
    "write_address",
    "write_note",
]
