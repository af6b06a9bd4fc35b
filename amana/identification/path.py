"""The way through an instrument, page by page, as far as the answers lead. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from amana.identification.answers import Given, Walk, walk
from amana.standards.instrument import Instrument, Question, Section


@dataclass(frozen=True)
class Page:
    """One page: a whole section, one question of it, or a section that was skipped."""

    id: str
    section: Section
    questions: tuple[Question, ...]
    is_done: bool
    is_skipped: bool = False


@dataclass(frozen=True)
class Path:
    """All pages to be gone through now, and what the answers lead to so far."""

    pages: tuple[Page, ...]
    done: Walk

    def find(self, page_id: str) -> Page | None:
        return next((page for page in self.pages if page.id == page_id), None)

    def number(self, page_id: str) -> int:
        """Return the number of a page, from 1."""
        return [page.id for page in self.pages].index(page_id) + 1

    def before(self, page_id: str) -> str:
        """Return the id of the page before, "" for the first."""
        at = self.number(page_id) - 1
        return self.pages[at - 1].id if at else ""

    def after(self, page_id: str) -> str:
        """Return the id of the page after, "" for the last."""
        at = self.number(page_id)
        return self.pages[at].id if at < len(self.pages) else ""


def path(instrument: Instrument, given: Given, known: Collection[str] = ()) -> Path:
    """Return the pages to be gone through with these answers."""
    done = walk(instrument, given, known)
    asked = done.asked_ids
    pages: list[Page] = []
    for section in done.sections:
        pages += _pages(section, given, asked)
    return Path(tuple(pages), done)


def _pages(section: Section, given: Given, asked: set[str]) -> list[Page]:
    if section.id in given.skipped:
        return [Page(section.id, section, (), is_done=True, is_skipped=True)]
    if section.repeats:
        return [Page(section.id, section, section.questions, is_done=section.id in given.answers)]
    questions = tuple(q for q in section.questions if q.id in asked)
    if not questions:
        return []
    if section.is_one_page:
        return [Page(section.id, section, questions, is_done=_is_done(questions, given))]
    return [Page(q.id, section, (q,), is_done=_is_done((q,), given)) for q in questions]


def _is_done(questions: tuple[Question, ...], given: Given) -> bool:
    needed = [q for q in questions if q.is_required] or questions
    return all(q.id in given.answers for q in needed)
