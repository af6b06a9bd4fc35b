"""The course of a case, its sheets and its papers on a page."""

from amana.protection.views.course import course, strike
from amana.protection.views.lists import assign, keep_filter, load, worklist
from amana.protection.views.notes import history, notes
from amana.protection.views.papers import check, find, papers, print_, withdraw
from amana.protection.views.sheets import sheet, sheet_list

__all__ = [
    "assign",
    "check",
    "course",
    "find",
    "history",
    "keep_filter",
    "load",
    "notes",
    "papers",
    "print_",
    "sheet",
    "sheet_list",
    "strike",
    "withdraw",
    "worklist",
]
