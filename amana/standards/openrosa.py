"""OpenRosa submissions: what Collect, Enketo and Kobo's app send when a form is filled in.

They come from strangers. Nothing in them is resolved, fetched or passed on unread, and every
fault is named by its field. Whether the answers can be is judged afterwards, as for any answers.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lxml import etree

from amana.standards.form_nodes import META, ROOT, nodes_of
from amana.standards.instrument import Instrument, NotLoaded, Question, Section

# The longest interview with every word noted is a fifth of this.
LARGEST = 1024 * 1024
# Answers stand three deep: data, section, question.
DEEPEST = 8
# The longest interview has two hundred questions, and its journey twelve stages of ten.
MOST_ELEMENTS = 5_000
ORX = "http://openrosa.org/xforms"
XFORMS = "http://www.w3.org/2002/xforms"
NAMESPACES = ("", ORX, XFORMS)
INSTANCE_ID, CORRECTS = "instanceID", "deprecatedID"
META_NODES = frozenset(
    {INSTANCE_ID, CORRECTS, "instanceName", "timeStart", "timeEnd", "userID", "deviceID"}
    | {"email", "phoneNumber", "simSerial", "subscriberID", "audit"}
)
UUID = re.compile(r"uuid:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)
LONGEST_SHOWN = 40

Find = Callable[[str, str], Instrument]


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a submission; `code` is a word that people are told, with `values`."""

    field: str
    code: str
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)


class BadSubmission(ValueError):
    """A submission that cannot be taken: every fault, each with its field."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{f.field}: {f.code}" for f in faults))


class Answered(Protocol):
    """What one person answered, as `identification` keeps it."""

    @property
    def answers(self) -> Mapping[str, Any]: ...
    @property
    def words(self) -> Mapping[str, str]: ...
    @property
    def skipped(self) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class Submission:
    """A submission that was read: its own name, the instrument, and the answers document."""

    instance_id: str
    instrument: Instrument
    document: Mapping[str, Any]


def read(data: bytes, find: Find) -> Submission:
    """Return what a submission says. Raises BadSubmission with every fault.

    `find` gives an instrument by name and version. A submission that says nothing is refused: it
    would become the screening of a child of whom nothing is known.
    """
    root = _parsed(data)
    if root.name != ROOT:
        raise BadSubmission(Fault(_shown(root.name), "OTHER_ROOT", {"root": ROOT}))
    if root.attributes.get("encrypted") == "yes":
        raise BadSubmission(Fault(ROOT, "ENCRYPTED"))
    instrument = _instrument(root, find)
    reading = _Reading(instrument)
    reading.read(root)
    if reading.faults:
        raise BadSubmission(*reading.faults)
    if not reading.answers and not reading.skipped:
        raise BadSubmission(Fault(ROOT, "NOTHING_ANSWERED"))
    document = {
        "instrument": instrument.name,
        "version": instrument.version,
        "answers": reading.answers,
        "words": reading.words,
        "skipped": reading.skipped,
    }
    return Submission(reading.instance_id, instrument, document)


def _instrument(root: "_Node", find: Find) -> Instrument:
    name, version = root.attributes.get("id", ""), root.attributes.get("version", "")
    for key, value in (("id", name), ("version", version)):
        if not value:
            raise BadSubmission(Fault(key, "MISSING"))
    try:
        return find(name, version)
    except NotLoaded as missing:
        code = "FROM_THE_FUTURE" if missing.is_newer else "UNKNOWN_INSTRUMENT"
        values = {"name": _shown(name), "version": _shown(version)}
        raise BadSubmission(Fault("version" if missing.is_newer else "id", code, values)) from None


def _shown(text: str) -> str:
    return text[:LONGEST_SHOWN]


# The XML.


@dataclass
class _Node:
    """One element: a name, and either children or a text."""

    name: str
    namespace: str
    attributes: Mapping[str, str]
    children: list["_Node"] = dataclasses.field(default_factory=list)
    texts: list[str] = dataclasses.field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.texts)


class _Growing:
    """Takes what the parser meets, and stops it at the first thing that no submission holds."""

    def __init__(self) -> None:
        self.open: list[_Node] = []
        self.root: _Node | None = None
        self.n = 0

    def doctype(self, *_: object) -> None:
        raise BadSubmission(Fault("", "HAS_DOCTYPE"))

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.n += 1
        if self.n > MOST_ELEMENTS or len(self.open) >= DEEPEST:
            raise BadSubmission(Fault("", "TOO_MANY_PARTS"))
        name = etree.QName(tag)
        node = _Node(name.localname, name.namespace or "", dict(attributes))
        if self.open:
            self.open[-1].children.append(node)
        elif self.root is None:
            self.root = node
        self.open.append(node)

    def end(self, _: str) -> None:
        self.open.pop()

    def data(self, text: str) -> None:
        if self.open:
            self.open[-1].texts.append(text)

    def comment(self, _: str) -> None:
        """Pass over what is no answer."""

    def pi(self, *_: object) -> None:
        """Pass over what is no answer."""

    def close(self) -> _Node | None:
        return self.root


def _parsed(data: bytes) -> _Node:
    """Return the root of a submission; a text that XML cannot be is refused before it is parsed."""
    if len(data) > LARGEST:
        raise BadSubmission(Fault("", "TOO_LARGE", {"most": str(LARGEST // 1024)}))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadSubmission(Fault("", "NOT_XML")) from None
    parser = etree.XMLParser(
        target=_Growing(),
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=False,
    )
    try:
        root: _Node | None = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as fault:
        if isinstance(fault, BadSubmission):
            raise
        raise BadSubmission(Fault("", "NOT_XML")) from None
    if root is None:
        raise BadSubmission(Fault("", "NOT_XML"))
    return root


# What it says.


class _Reading:
    """One submission on its way to answers; faults are gathered, not raised one by one."""

    def __init__(self, instrument: Instrument) -> None:
        nodes = nodes_of(instrument)
        self.instrument = instrument
        self.sections = {nodes.sections[s.id]: s for s in instrument.sections}
        self.questions = {nodes.questions[q.id]: q for q in instrument.questions}
        self.words_nodes = {node: question for question, node in nodes.words.items()}
        self.skip_nodes = {node: section for section, node in nodes.skips.items()}
        self.hint_nodes = set(nodes.hints.values())
        self.instance_id = ""
        self.answers: dict[str, Any] = {}
        self.words: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        self.faults: list[Fault] = []

    def read(self, root: _Node) -> None:
        self._only_children(root, ROOT)
        for node in _once_each(root, self._fault, allowed=self._repeats()):
            if node.name == META:
                self._meta(node)
            elif node.name in self.sections:
                self._section(self.sections[node.name], node)
            elif node.name in self.skip_nodes:
                self._skip(self.skip_nodes[node.name], node)
            elif node.name in self.words_nodes:
                self._own_words(node, is_inside=False)
            else:
                self._fault(node.name, "UNKNOWN_QUESTION")
        if not self.instance_id and not any(f.field.startswith(META) for f in self.faults):
            self._fault(f"{META}.{INSTANCE_ID}", "NO_INSTANCE_ID")

    def _repeats(self) -> set[str]:
        return {node for node, section in self.sections.items() if section.repeats}

    def _fault(self, at: str, code: str, values: Mapping[str, str] | None = None) -> None:
        self.faults.append(Fault(at[:80], code, values or {}))

    def _only_children(self, node: _Node, at: str) -> None:
        if node.namespace not in NAMESPACES:
            self._fault(at, "OTHER_NAMESPACE", {"namespace": _shown(node.namespace)})
        if node.text.strip():
            self._fault(at, "WRONG_KIND")

    def _leaf(self, node: _Node, at: str) -> str:
        if node.namespace not in NAMESPACES:
            self._fault(at, "OTHER_NAMESPACE", {"namespace": _shown(node.namespace)})
        if node.children:
            self._fault(at, "WRONG_KIND")
            return ""
        return node.text

    def _meta(self, meta: _Node) -> None:
        self._only_children(meta, META)
        for node in _once_each(meta, self._fault, at=f"{META}."):
            at = f"{META}.{node.name}"
            if node.name not in META_NODES:
                self._fault(at, "UNKNOWN_FIELD")
                continue
            text = self._leaf(node, at).strip()
            if node.name == CORRECTS and text:
                self._fault(at, "IS_A_CORRECTION")
            elif node.name == INSTANCE_ID and not UUID.fullmatch(text):
                self._fault(at, "NO_INSTANCE_ID")
            elif node.name == INSTANCE_ID:
                self.instance_id = text.lower()

    def _skip(self, section_id: str, node: _Node) -> None:
        text = self._leaf(node, node.name).strip()
        if text:
            self.skipped[section_id] = text

    def _section(self, section: Section, group: _Node) -> None:
        self._only_children(group, section.id)
        own = {q.id for q in section.questions}
        answers: dict[str, Any] = {}
        for node in _once_each(group, self._fault, at=f"{section.id}."):
            question = self.questions.get(node.name)
            if question is not None and question.id in own:
                value = self._value(question, node)
                if value is not None:
                    answers[question.id] = value
            elif self.words_nodes.get(node.name) in own and not section.repeats:
                self._own_words(node, is_inside=True)
            elif node.name not in self.hint_nodes:
                self._fault(f"{section.id}.{node.name}", "UNKNOWN_QUESTION")
        if not section.repeats:
            self.answers |= answers
        elif answers:
            self.answers.setdefault(section.id, []).append(answers)

    def _own_words(self, node: _Node, *, is_inside: bool) -> None:
        """Keep a person's own words; those of an entry stand outside of all entries."""
        question_id = self.words_nodes[node.name]
        stands_inside = any(
            not s.repeats and question_id in {q.id for q in s.questions}
            for s in self.instrument.sections
        )
        if is_inside != stands_inside:
            self._fault(node.name, "UNKNOWN_QUESTION")
            return
        text = self._leaf(node, node.name)
        if text.strip():
            self.words[question_id] = text

    def _value(self, question: Question, node: _Node) -> Any:  # noqa: ANN401 - by its kind
        text = self._leaf(node, question.id)
        if not text.strip():
            return None
        if question.kind == "text":
            return text
        text = text.strip()
        if question.kind == "number":
            return self._number(question, text)
        if not question.is_coded:
            return text
        chosen = text.split() if question.kind == "many" else [text]
        for one in chosen:
            if question.answer(one) is None:
                self._fault(question.id, "UNKNOWN_ANSWER", {"code": _shown(one)})
        return chosen if question.kind == "many" else text

    def _number(self, question: Question, text: str) -> int | None:
        if WHOLE.fullmatch(text):
            return int(text)
        self._fault(question.id, "WRONG_KIND")
        return None


def _once_each(
    parent: _Node,
    fault: Callable[[str, str], None],
    *,
    at: str = "",
    allowed: set[str] | None = None,
) -> Iterator[_Node]:
    """Give the children; one that stands twice is a fault, for nobody knows which is meant."""
    seen: set[str] = set()
    for node in parent.children:
        if node.name in seen and node.name not in (allowed or ()):
            fault(f"{at}{node.name}", "TWICE")
            continue
        seen.add(node.name)
        yield node


# The other way.


def write(instrument: Instrument, given: Answered, instance_id: str) -> bytes:
    """Return answers as a submission, as a client of the exported form would send them.

    Raises BadSubmission when something was answered that the instrument does not ask, or that
    XML cannot hold.
    """
    if not UUID.fullmatch(instance_id):
        raise BadSubmission(Fault(f"{META}.{INSTANCE_ID}", "NO_INSTANCE_ID"))
    _refuse_strange(instrument, given)
    root = etree.Element(ROOT, {"id": instrument.name, "version": instrument.version})
    writing = _Writing(instrument, given)
    for section in instrument.sections:
        writing.section(root, section)
    meta = etree.SubElement(root, f"{{{ORX}}}{META}", nsmap={"orx": ORX})
    etree.SubElement(meta, f"{{{ORX}}}{INSTANCE_ID}").text = instance_id
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def _refuse_strange(instrument: Instrument, given: Answered) -> None:
    repeats = {s.id: s for s in instrument.sections if s.repeats}
    inside = {q.id for s in repeats.values() for q in s.questions}
    top = {q.id for q in instrument.questions} - inside
    nodes = nodes_of(instrument)
    strange = [key for key in given.answers if key not in top and key not in repeats]
    strange += [
        f"{key}.{one}"
        for key, section in repeats.items()
        for entry in given.answers.get(key, [])
        for one in entry
        if one not in {q.id for q in section.questions}
    ]
    strange += [key for key in given.words if key not in nodes.words]
    strange += [key for key in given.skipped if key not in nodes.skips]
    if strange:
        raise BadSubmission(*(Fault(key[:80], "UNKNOWN_QUESTION") for key in strange))


class _Writing:
    """Answers on their way into a submission; what was not answered leaves no node."""

    def __init__(self, instrument: Instrument, given: Answered) -> None:
        self.nodes, self.given = nodes_of(instrument), given

    def section(self, root: Any, section: Section) -> None:  # noqa: ANN401 - lxml has no types
        if section.id in self.given.skipped:
            _add(root, self.nodes.skips[section.id], self.given.skipped[section.id])
        if not section.repeats:
            self._group(root, section, self.given.answers)
            return
        for entry in self.given.answers.get(section.id, []):
            self._group(root, section, entry)
        for question in section.questions:
            self._words(root, question)

    def _group(self, root: Any, section: Section, answers: Mapping[str, Any]) -> None:  # noqa: ANN401
        group = etree.SubElement(root, self.nodes.sections[section.id])
        for question in section.questions:
            self._answer(group, question, answers)
            if not section.repeats:
                self._words(group, question)
        if not len(group):
            root.remove(group)

    def _answer(self, group: Any, question: Question, answers: Mapping[str, Any]) -> None:  # noqa: ANN401
        value = answers.get(question.id)
        if value is None or value == []:
            return
        text = " ".join(value) if isinstance(value, list) else str(value)
        _add(group, self.nodes.questions[question.id], text)

    def _words(self, group: Any, question: Question) -> None:  # noqa: ANN401
        if question.id in self.given.words:
            _add(group, self.nodes.words[question.id], self.given.words[question.id])


def _add(parent: Any, node: str, text: str) -> None:  # noqa: ANN401
    try:
        etree.SubElement(parent, node).text = text
    except ValueError:
        raise BadSubmission(Fault(node, "UNSEEN_SIGNS")) from None
