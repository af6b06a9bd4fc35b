"""Everything that changes a case."""

from amana.cases.actions.attachments import attach, open_attachment, sweep_files
from amana.cases.actions.cards import card_and_compare
from amana.cases.actions.consents import (
    confirm_ground,
    erase_fields,
    note_informed,
    record_consent,
    withdraw_consent,
)
from amana.cases.actions.erasures import (
    approve_erasure,
    ask_erasure,
    decline_erasure,
    erase_case,
    give_up_restored,
)
from amana.cases.actions.files import (
    add_received,
    assign,
    declare_conflict,
    involve,
    open_case,
    open_received_case,
    release_team,
)
from amana.cases.actions.glass import approve, ask_glass, open_glass
from amana.cases.actions.parts import (
    mark,
    note_opening,
    open_compartment,
    write_compartment,
)
from amana.cases.actions.reports import is_ours, report

__all__ = [
    "add_received",
    "approve",
    "approve_erasure",
    "ask_erasure",
    "ask_glass",
    "assign",
    "attach",
    "card_and_compare",
    "confirm_ground",
    "declare_conflict",
    "decline_erasure",
    "erase_case",
    "erase_fields",
    "give_up_restored",
    "involve",
    "is_ours",
    "mark",
    "note_informed",
    "note_opening",
    "open_attachment",
    "open_case",
    "open_compartment",
    "open_glass",
    "open_received_case",
    "record_consent",
    "release_team",
    "report",
    "sweep_files",
    "withdraw_consent",
    "write_compartment",
]
