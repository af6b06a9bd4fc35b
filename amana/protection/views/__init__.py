"""The course of a case and its sheets on a page."""

from amana.protection.views.course import course, strike, worklist
from amana.protection.views.sheets import sheet, sheet_list

__all__ = ["course", "sheet", "sheet_list", "strike", "worklist"]
