"""The course of a case, its sheets and its papers on a page."""

from amana.protection.views.course import course, load, strike, worklist
from amana.protection.views.papers import check, find, papers, print_
from amana.protection.views.sheets import sheet, sheet_list

__all__ = [
    "check",
    "course",
    "find",
    "load",
    "papers",
    "print_",
    "sheet",
    "sheet_list",
    "strike",
    "worklist",
]
