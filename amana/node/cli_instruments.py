"""The part of the command line that is about instruments, and about answers to them."""

import argparse
from pathlib import Path


def _path(text: str) -> Path:
    return Path(text).resolve()


def _node(act: argparse.ArgumentParser, *, is_needed: bool = False) -> None:
    what = "the node that takes it" if is_needed else "a node, for the instruments of its own"
    act.add_argument("--data", type=_path, required=is_needed, metavar="DIR", help=what)


def instruments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `amana instruments`."""
    parser = commands.add_parser("instruments", help="what is asked, and the rules that read it")
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    check = acts.add_parser("check", help="say where a file is at fault")
    check.add_argument("file", type=_path, nargs="+", metavar="FILE", help="JSON or XLSForm")
    check.add_argument("--json", action="store_true")
    listed = acts.add_parser("list", help="those loaded, and those that are not")
    listed.add_argument("--json", action="store_true")
    export = acts.add_parser("export", help="as JSON, or as an XLSForm for Kobo and ODK")
    export.add_argument("name", metavar="NAME")
    export.add_argument("--version", default="", metavar="DAY", help="default: the newest")
    export.add_argument("--to", type=_path, required=True, metavar="FILE.json|.xlsx")
    printed = acts.add_parser("print", help="as an A4 form on paper")
    printed.add_argument("name", metavar="NAME")
    printed.add_argument("--version", default="", metavar="DAY", help="default: the newest")
    printed.add_argument("--language", choices=("fr", "ar", "en"), default="fr")
    printed.add_argument("--to", type=_path, required=True, metavar="FILE.pdf")
    import_one = acts.add_parser("import", help="put a checked instrument into a node, once")
    import_one.add_argument("file", type=_path, metavar="FILE", help="JSON or XLSForm")
    for act in (check, listed, export):
        _node(act)
    _node(import_one, is_needed=True)
    check.set_defaults(run=_run, does="check")
    listed.set_defaults(run=_run, does="list_all")
    export.set_defaults(run=_run, does="export")
    import_one.set_defaults(run=_run, does="import_one")
    printed.set_defaults(run=_run_print)


def assess(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `amana assess`."""
    parser = commands.add_parser(
        "assess",
        help="read screenings by the rules; needs no database",
        description="Reads facts or answers in JSON, an OpenRosa submission in XML, or one JSON"
        " a line: FILE.jsonl, or - for the standard input.",
    )
    parser.add_argument("file", metavar="FILE.json|.xml|.jsonl|-")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--keep-going", action="store_true", help="name a bad line and go on; exit 1 at the end"
    )
    _node(parser)
    parser.set_defaults(run=_run_assess)


def openrosa(sources: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `amana import openrosa`."""
    parser = sources.add_parser("openrosa", help="submissions of Kobo, ODK and others")
    parser.add_argument("file", type=_path, nargs="+", metavar="FILE.xml")
    _node(parser, is_needed=True)
    parser.set_defaults(run=_run_openrosa)


def _run(a: argparse.Namespace) -> int:
    from amana.node import instruments as acts  # noqa: PLC0415 - a command loads what it needs

    return int(getattr(acts, a.does)(a))


def _run_print(a: argparse.Namespace) -> int:
    from amana.node import paper  # noqa: PLC0415

    return paper.run(name=a.name, version=a.version, language=a.language, to=a.to)


def _run_assess(a: argparse.Namespace) -> int:
    from amana.node import assess as reads  # noqa: PLC0415

    return reads.run(a.file, data=a.data, as_json=a.json, keep_going=a.keep_going)


def _run_openrosa(a: argparse.Namespace) -> int:
    from amana.node import submissions  # noqa: PLC0415

    return submissions.run(a)
