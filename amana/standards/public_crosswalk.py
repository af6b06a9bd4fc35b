"""Which code of one public list is which code of another; what has no counterpart is listed.

Rows come from the crosswalks of the codebooks and of our note on standards, and nowhere else. A
merged code is not split: it is broader than each of its parts, and that is all that is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from amana.standards import citations, public_lists
from amana.standards.datafile import MARKS, Place, once, opened

# What the first code is, seen from the second: the same, less, more, or an overlap.
TURNED = {"exact": "exact", "broader": "narrower", "narrower": "broader", "partial": "partial"}
GROUP_KEYS = ("from", "to", "mark", "source", "rows")


@dataclass(frozen=True)
class Link:
    """One code of a list, one of another, and what the first is to the second."""

    list_a: str
    code_a: str
    list_b: str
    code_b: str
    relation: str
    mark: str
    source: str

    @property
    def turned(self) -> "Link":
        """Return the same seen from the other list."""
        relation = TURNED[self.relation]
        ends = (self.list_b, self.code_b, self.list_a, self.code_a)
        return Link(*ends, relation=relation, mark=self.mark, source=self.source)


# The links from each list to each other, in both directions, by the code they begin with.
Links = Mapping[tuple[str, str], Mapping[str, tuple[Link, ...]]]


def read(root: Place) -> Links:
    """Return the links of a file, or say where it is at fault."""
    root.keyed(only=("name", "version", "groups"))
    root.at("version").day()
    links = [link for place in root.at("groups").each() for link in _group(place)]
    pairs = [_ends(link) for link in links]
    once(root.at("groups"), pairs)
    turned = [link.turned for link in links if _ends(link.turned) not in set(pairs)]
    found: dict[tuple[str, str], dict[str, list[Link]]] = {}
    for link in (*links, *turned):
        between = found.setdefault((link.list_a, link.list_b), {})
        between.setdefault(link.code_a, []).append(link)
    return {
        ends: {code: tuple(held) for code, held in by_code.items()}
        for ends, by_code in found.items()
    }


def _ends(link: Link) -> str:
    return f"{link.list_a} {link.code_a} to {link.list_b} {link.code_b}"


def _group(place: Place) -> list[Link]:
    place.keyed(only=GROUP_KEYS)
    lists = public_lists.load()
    ends = []
    for key in ("from", "to"):
        try:
            ends.append(lists.find(place.at(key).text()))
        except LookupError as missing:
            raise place.at(key).bad(str(missing)) from None
    mark = place.at("mark").one_of(MARKS)
    source = place.at("source").one_of(citations.load())
    found = []
    for row in place.at("rows").each():
        cells = list(row.each())
        if len(cells) != 3:
            raise row.bad("must be a code, a code and a relation")
        code_a, code_b = (c.one_of(end.entries) for c, end in zip(cells, ends, strict=False))
        relation = cells[2].one_of(TURNED)
        found.append(Link(ends[0].name, code_a, ends[1].name, code_b, relation, mark, source))
    return found


@cache
def load() -> Links:
    return read(opened("lists_crosswalk.json"))


def related(list_a: str, code_a: str, list_b: str) -> tuple[Link, ...]:
    """Return what a code of one list is in another; nothing where it has no counterpart.

    With `list@version` only codes of that version are given. Within one list a code of one version
    that also stands in the other is exactly itself. Raises UnknownList or NotLoaded.
    """
    a, b = public_lists.find(list_a), public_lists.find(list_b)
    name_a, name_b = list_a.partition("@")[0], list_b.partition("@")[0]
    if code_a not in a.entries:
        return ()
    if name_a == name_b and code_a in b.entries:
        return (Link(name_a, code_a, name_b, code_a, "exact", a.mark, a.source),)
    between = load().get((name_a, name_b), {})
    return tuple(link for link in between.get(code_a, ()) if link.code_b in b.entries)


def unmapped(list_a: str, list_b: str) -> tuple[str, ...]:
    """Return the codes of a list that have no counterpart in another, in their order."""
    held = public_lists.find(list_a).entries
    return tuple(code for code in held if not related(list_a, code, list_b))
