"""The command line: `amana --help`. Exit code 0; 1 with a one-line cause; 2 for wrong usage."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path


class Failed(Exception):
    """A command that could not do what was asked; the message is one line for a person."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments) or 0)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    except Exception as problem:  # noqa: BLE001 - the last door: one line, never a trace of data
        print(f"amana: {_one_line(problem)}", file=sys.stderr)
        return 1


def _one_line(problem: Exception) -> str:
    text = " ".join(str(problem).split())
    return text or type(problem).__name__


def _path(text: str) -> Path:
    """Return a path that holds from whatever folder it is used."""
    return Path(text).resolve()


def _day(text: str) -> date:
    """Return a day, or say how one is written."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a day is written 2026-11-22") from None


def _port(text: str) -> int:
    """Return a port, or say what one is."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="amana",
        description="One country's node for protecting trafficked people and children on the move.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _node(commands)
    _demo(commands)
    _assess(commands)
    _instruments(commands)
    _agreements(commands)
    _import(commands)
    _figures(commands)
    _corridor(commands)
    _verify(commands)
    _directory(commands)
    _keeper(commands)
    _keys(commands)
    _backup(commands)
    _erase(commands)
    return parser


def _node(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    node = commands.add_parser("node", help="make a node, run it, look at it")
    acts = node.add_subparsers(dest="act", required=True, metavar="ACT")
    init = acts.add_parser("init", help="make a node's directory, or pin a partner's root in it")
    init.add_argument("--data", type=_path, required=True, metavar="DIR")
    init.add_argument("--country", metavar="CC", help="two letters, needed for a new node")
    init.add_argument("--name", help="what people read in the footer")
    init.add_argument("--desk", metavar="ADDRESS", help="CC/GOV/member/desk")
    init.add_argument("--unit", metavar="ADDRESS", help="the receiving unit: CC/GOV/member/unit")
    init.add_argument("--host", help="the name that people open")
    init.add_argument("--url", help="where other nodes knock: https://...")
    init.add_argument(
        "--port",
        type=int,
        help="default 8000; for a node that stands: move it and sign its directory anew",
    )
    init.add_argument("--language", choices=("fr", "ar", "en"), default="fr")
    init.add_argument("--phone", help="the duty number")
    init.add_argument(
        "--demo",
        action="store_true",
        help="loopback, a shown password, a clock that can be shifted",
    )
    init.add_argument(
        "--keeper", metavar="ADDRESS", help="tls:HOST:PORT of a keeper on another machine"
    )
    init.add_argument(
        "--keeper-certificate", type=_path, metavar="FILE", help="the remote keeper's own.crt"
    )
    init.add_argument("--keeper-fingerprint", help="of that file, as two people compared it")
    init.add_argument("--peer", type=_path, metavar="FILE", help="a partner's directory file")
    init.add_argument("--fingerprint", help="of the partner's root, as two people compared it")
    init.add_argument("--words", help="the twelve words of it, instead of the fingerprint")
    init.set_defaults(run=_run_init)
    for name, text in (
        ("serve", "run the web server"),
        ("work", "run the worker that carries messages"),
        ("search", "run the search process, which holds opened cards of live sessions"),
        ("status", "say where everything stands"),
    ):
        act = acts.add_parser(name, help=text)
        act.add_argument("--data", type=_path, required=True, metavar="DIR")
        if name == "status":
            act.add_argument("--json", action="store_true")
        act.set_defaults(run=globals()[f"_run_{name}"])


def _demo(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    demo = commands.add_parser(
        "demo", help="two nodes with invented people, and the main journey between them"
    )
    demo.add_argument("--fresh", action="store_true", help="start over")
    demo.add_argument(
        "--check", action="store_true", help="walk the tour on free ports, stop, exit 0"
    )
    demo.add_argument(
        "--keep",
        type=_path,
        metavar="DIR",
        help="with --check: leave the nodes in DIR/ci and DIR/ma, what was typed in DIR/typed.json",
    )
    demo.add_argument("--shots", type=_path, metavar="DIR", help="write screenshots of the tour")
    demo.set_defaults(run=_run_demo)


def _assess(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    assess = commands.add_parser("assess", help="read screenings by the rules; needs no database")
    assess.add_argument(
        "file", metavar="FILE", help="JSON, JSON lines (FILE.jsonl, or - for standard input), XML"
    )
    assess.add_argument("--json", action="store_true")
    assess.add_argument(
        "--keep-going", action="store_true", help="of a stream: name a bad line and go on"
    )
    assess.set_defaults(run=_run_assess)


def _instruments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    instruments = commands.add_parser(
        "instruments", help="what can be asked: list, check, export, import, print"
    )
    acts = instruments.add_subparsers(dest="act", required=True, metavar="ACT")
    show = acts.add_parser("list", help="what is loaded, and what is not")
    show.add_argument("--data", type=_path, metavar="DIR", help="with the node's own")
    show.add_argument("--json", action="store_true")
    check = acts.add_parser("check", help="say where a file is at fault")
    check.add_argument("files", type=_path, nargs="+", metavar="FILE")
    check.add_argument("--json", action="store_true")
    export = acts.add_parser("export", help="write one as JSON, or as an XLSForm (.xlsx)")
    take = acts.add_parser("import", help="put one beside those of a node, never over another")
    take.add_argument("file", type=_path, metavar="FILE")
    take.add_argument("--data", type=_path, required=True, metavar="DIR")
    paper = acts.add_parser("print", help="write one as an A4 form (PDF)")
    paper.add_argument("--language", default="fr", metavar="fr|ar|en")
    for act in (export, paper):
        act.add_argument("name", metavar="NAME")
        act.add_argument("--version", default="", help="default: the newest")
        act.add_argument("--to", type=_path, required=True, metavar="FILE")
    instruments.set_defaults(run=_run_instruments)


def _agreements(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    agreements = commands.add_parser("agreements", help="agreements between countries: check")
    acts = agreements.add_subparsers(dest="act", required=True, metavar="ACT")
    check = acts.add_parser("check", help="say where a file is at fault")
    check.add_argument("files", type=_path, nargs="+", metavar="FILE")
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=_run_agreements)


def _import(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from_ = commands.add_parser("import", help="bring in public data")
    sources = from_.add_subparsers(dest="source", required=True, metavar="SOURCE")
    ctdc = sources.add_parser("ctdc", help="the public releases of CTDC")
    ctdc.add_argument("file", type=_path, metavar="FILE[.gz]")
    ctdc.add_argument(
        "--exploited-in", metavar="ISO3", help="only rows of people exploited there, e.g. MAR"
    )
    ctdc.add_argument(
        "--citizens-of", metavar="ISO3", help="only rows of citizens of this country, e.g. CIV"
    )
    ctdc.add_argument("--data", type=_path, metavar="DIR", help="the node that takes them")
    ctdc.add_argument("--read-only", action="store_true", help="read every row, store none")
    ctdc.add_argument(
        "--count", action="store_true", help="of any release: count it, name broken cells"
    )
    ctdc.add_argument("--json", action="store_true")
    ctdc.set_defaults(run=_run_ctdc)
    glotip = sources.add_parser("glotip", help="UNODC's tables, read and judged; stores nothing")
    glotip.add_argument("file", type=_path, metavar="FILE[.gz]")
    glotip.add_argument("--json", action="store_true")
    glotip.set_defaults(run=_run_figures, does="run_glotip")
    htcds = sources.add_parser("htcds", help="HTCDS 2.0 sheets, as documents of one case each")
    htcds.add_argument("files", type=_path, nargs="+", metavar="FILE", help=".xlsx or .csv")
    htcds.add_argument("--to", type=_path, metavar="PATH", help="new: .jsonl, .xlsx, or a folder")
    htcds.add_argument("--json", action="store_true")
    htcds.set_defaults(run=_run_figures, does="run_htcds")
    openrosa = sources.add_parser("openrosa", help="submissions of ODK, Enketo or Kobo (XML)")
    openrosa.add_argument("files", type=_path, nargs="+", metavar="FILE")
    openrosa.add_argument("--data", type=_path, required=True, metavar="DIR")
    openrosa.add_argument("--json", action="store_true")
    openrosa.set_defaults(run=_run_openrosa)


def _figures(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    attack = commands.add_parser(
        "attack", help="what follows from a published file for the numbers that it withholds"
    )
    attack.add_argument("file", type=_path, metavar="FILE[.gz]", help="UNODC's tables, or any CSV")
    attack.add_argument("--limits", action="store_true", help="the limits of every withheld cell")
    attack.add_argument("--json", action="store_true")
    attack.set_defaults(run=_run_figures, does="run_attack")
    hidden = commands.add_parser(
        "hidden", help="how many nobody has seen, estimated from lists that overlap"
    )
    hidden.add_argument("file", type=_path, metavar="FILE", help="a column for each list, a count")
    hidden.add_argument("--draws", type=int, default=400, help="of the bootstrap; default 400")
    hidden.add_argument("--json", action="store_true")
    hidden.set_defaults(run=_run_figures, does="run_hidden")
    synthetic = commands.add_parser(
        "synthetic", help="rows that nobody is, differentially private, with the counts of many"
    )
    synthetic.add_argument("file", type=_path, metavar="FILE[.gz]", help="CSV; a row is a person")
    synthetic.add_argument("--to", type=_path, required=True, metavar="DIR")
    synthetic.add_argument("--epsilon", type=float, default=2.0, help="default 2")
    synthetic.add_argument("--delta", type=float, default=1e-6, help="default 0.000001")
    synthetic.add_argument(
        "--flags", default="", metavar="A,B", help="columns with one value or none, by the codebook"
    )
    synthetic.add_argument("--seed", type=int, default=1, help="of the rows, not of the noise")
    synthetic.add_argument(
        "--again", action="store_true", help="FILE is counts.json of an earlier release"
    )
    synthetic.add_argument("--json", action="store_true")
    synthetic.set_defaults(run=_run_figures, does="run_synthetic")
    lists = commands.add_parser(
        "lists", help="public code lists, and what of one another has no word for"
    )
    lists.add_argument("name", nargs="?", metavar="LIST")
    lists.add_argument("--to", metavar="LIST", help="only what has no counterpart there")
    lists.add_argument("--file", type=_path, metavar="FILE", help="lists that a person obtained")
    lists.add_argument("--json", action="store_true")
    lists.set_defaults(run=_run_figures, does="run_lists")
    _publish(commands)


def _publish(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    publish = commands.add_parser("publish", help="figures: list, publish, make again")
    acts = publish.add_subparsers(dest="act", required=True, metavar="ACT")
    acts.add_parser("list", help="say what is published")
    table = acts.add_parser("table", help="publish what a definition file asks for")
    table.add_argument("file", type=_path, metavar="FILE", help="as it stands in a publication")
    rows = acts.add_parser("synthetic", help="publish rows that nobody is, out of a budget")
    rows.add_argument("--since", type=_day, required=True, metavar="YYYY-MM-DD")
    rows.add_argument("--until", type=_day, required=True, metavar="YYYY-MM-DD")
    rows.add_argument("--epsilon", type=float, required=True, help="what they cost of the budget")
    again = acts.add_parser("again", help="make a version again and compare every byte")
    again.add_argument("series", metavar="SERIES")
    again.add_argument("version", type=int, metavar="VERSION")
    for act in (table, rows, again):
        act.add_argument("--account", required=True, help="a statistician's name to sign in with")
        act.add_argument("--code", default="", help="the code of her phone; asked for otherwise")
        act.add_argument("--stdin", action="store_true", help="read the password there")
    for act in acts.choices.values():
        act.add_argument("--data", type=_path, required=True, metavar="DIR")
        act.add_argument("--json", action="store_true")
    publish.set_defaults(run=_run_figures, does="run_publish")
    export = commands.add_parser("export", help="write a published table as others read it")
    forms = ("csv", "json", "sdmx", "glotip", "sdg", "ctdc", "htcds")
    export.add_argument("form", choices=forms)
    export.add_argument("series", metavar="SERIES")
    export.add_argument("--version", type=int, default=0, help="default: the newest")
    export.add_argument("--data", type=_path, required=True, metavar="DIR")
    export.add_argument("--to", type=_path, required=True, metavar="FILE")
    export.add_argument("--population", type=_path, metavar="FILE", help="sdg: sex,age,people")
    export.add_argument("--json", action="store_true")
    export.set_defaults(run=_run_figures, does="run_export")


def _run_figures(a: argparse.Namespace) -> int:
    from amana.node import figures  # noqa: PLC0415

    return int(getattr(figures, a.does)(a))


def _corridor(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    corridor = commands.add_parser(
        "corridor", help="take real rows through the whole journey between two nodes"
    )
    corridor.add_argument(
        "--data", type=_path, metavar="FILE[.gz]", help="default: a small invented file"
    )
    corridor.add_argument("--from", dest="from_", default="MA", metavar="CC")
    corridor.add_argument("--to", default="CI", metavar="CC")
    corridor.add_argument(
        "--fail", type=float, default=0.2, metavar="SHARE", help="share of deliveries made to fail"
    )
    corridor.add_argument("--json", action="store_true")
    corridor.set_defaults(run=_run_corridor)


def _verify(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verify = commands.add_parser(
        "verify",
        help="prove a node's record, what witnesses saw of it, and what it saw of others; "
        "or one printed proof",
    )
    what = verify.add_mutually_exclusive_group(required=True)
    what.add_argument("--data", type=_path, metavar="DIR", help="a node's directory")
    what.add_argument("--proof", type=_path, metavar="FILE", help="a printed proof; needs no node")
    verify.add_argument(
        "--directory",
        type=_path,
        action="append",
        default=[],
        metavar="FILE",
        help="with --proof: a country's directory.json with its keys; once for each country",
    )
    verify.set_defaults(run=_run_verify)
    proof = commands.add_parser("proof", help="print the proof that an entry is in the record")
    proof.add_argument("--data", type=_path, required=True, metavar="DIR")
    proof.add_argument("--seq", type=int, required=True, metavar="N", help="the entry's number")
    proof.set_defaults(run=_run_proof)
    evidence = commands.add_parser(
        "evidence", help="write what proves that one referral's messages were delivered"
    )
    evidence.add_argument("code", metavar="CODE", help="the referral's code")
    evidence.add_argument("--data", type=_path, required=True, metavar="DIR")
    evidence.add_argument("--out", type=_path, required=True, metavar="FILE")
    evidence.set_defaults(run=_run_evidence)


def _directory(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    directory = commands.add_parser(
        "directory", help="what a country publishes of itself, and who signs it: two of three"
    )
    acts = directory.add_subparsers(dest="act", required=True, metavar="ACT")
    _directory_root(acts)
    draft = acts.add_parser("draft", help="write what the node would publish next, unsigned")
    draft.add_argument("--data", type=_path, required=True, metavar="DIR")
    draft.add_argument("--out", type=_path, metavar="FILE")
    draft.add_argument(
        "--version", type=int, default=0, metavar="N", help="at least this; after a restore"
    )
    draft.add_argument("--next-root", metavar="HEX", default="", help="the root that comes next")
    draft.add_argument(
        "--revoke", metavar="KEY", action="append", default=[], help="16 digits of a signing key"
    )
    sign = acts.add_parser("sign", help="sign a draft with two officers' files; needs no network")
    sign.add_argument("--draft", type=_path, required=True, metavar="FILE")
    sign.add_argument("--share", type=_path, action="append", required=True, metavar="FILE")
    sign.add_argument("--out", type=_path, required=True, metavar="FILE")
    publish = acts.add_parser("publish", help="take a signed directory into the node")
    publish.add_argument("--data", type=_path, required=True, metavar="DIR")
    publish.add_argument("file", type=_path, metavar="FILE")
    words = acts.add_parser("words", help="the twelve words of a file's root, to be read aloud")
    words.add_argument("file", type=_path, metavar="FILE")
    directory.set_defaults(run=_run_directory)


def _directory_root(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    root = acts.add_parser("root", help="the officers' files; needs no network and no node")
    does = root.add_subparsers(dest="does", required=True, metavar="DOES")
    init = does.add_parser("init", help="make a root in three parts, of which two sign")
    init.add_argument("--country", required=True, metavar="CC")
    init.add_argument("--to", type=_path, required=True, metavar="DIR")
    paper = does.add_parser("paper", help="print the words of one part")
    paper.add_argument("--share", type=_path, required=True, metavar="FILE")
    typed = does.add_parser("type", help="make an officer's file out of the words on paper")
    typed.add_argument("--like", type=_path, required=True, metavar="FILE", help="another's file")
    typed.add_argument("--to", type=_path, required=True, metavar="FILE")


def _run_directory(a: argparse.Namespace) -> int:
    from amana.node import root  # noqa: PLC0415

    return root.run(a)


def _keeper(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    keeper = commands.add_parser(
        "keeper", help="run the keeper: what no database, backup or administrator has"
    )
    keeper.add_argument(
        "act", nargs="?", choices=("run", "init"), default="run", help="init: make its folder"
    )
    keeper.add_argument("--data", type=_path, required=True, metavar="DIR", help="its own folder")
    keeper.add_argument(
        "--listen", default="socket", metavar="ADDRESS", help="init: socket, or tls:HOST:PORT"
    )
    keeper.add_argument("--demo", action="store_true", help="init: takes the demo's code")
    keeper.add_argument(
        "--node", type=_path, metavar="FILE", help="init: the certificate of the node to answer"
    )
    keeper.add_argument("--fingerprint", help="init: of that file, as two people compared it")
    keeper.set_defaults(run=_run_keeper)


def _keys(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    keys = commands.add_parser("keys", help="what lies under which epoch; the erasure ledger")
    acts = keys.add_subparsers(dest="act", required=True, metavar="ACT")
    status = acts.add_parser("status", help="say which epochs live and what lies under each")
    status.add_argument("--data", type=_path, required=True, metavar="DIR")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=_run_keys, does="status")
    ledger = acts.add_parser("ledger", help="write the erasure ledger to be kept with the backups")
    ledger.add_argument("--data", type=_path, required=True, metavar="DIR")
    ledger.add_argument("file", type=_path, metavar="FILE")
    ledger.set_defaults(run=_run_keys, does="export_ledger")
    recipient = acts.add_parser("recipient", help="make the key pair of who may open backups")
    recipient.add_argument("file", type=_path, metavar="FILE", help="takes the secret half")
    recipient.set_defaults(run=_run_keys, does="make_recipient")
    epoch = commands.add_parser("epoch", help="the outer layer of all keys")
    turns = epoch.add_subparsers(dest="act", required=True, metavar="ACT")
    rotate = turns.add_parser("rotate", help="begin a new epoch when its week has come")
    rotate.add_argument("--data", type=_path, required=True, metavar="DIR")
    rotate.add_argument("--force", action="store_true", help="begin it now")
    rotate.set_defaults(run=_run_keys, does="rotate")


def _backup(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    backup = commands.add_parser("backup", help="write the whole node, without any epoch's key")
    backup.add_argument("--data", type=_path, required=True, metavar="DIR")
    backup.add_argument("file", type=_path, metavar="FILE")
    how = backup.add_mutually_exclusive_group(required=True)
    how.add_argument("--to", metavar="RECIPIENT", help="age1pq...: who alone opens the file")
    how.add_argument(
        "--plain", action="store_true", help="unencrypted: shows roles, counts, dates, node.seed"
    )
    backup.set_defaults(run=_run_backup)
    restore = commands.add_parser("restore", help="make a node again out of a backup")
    restore.add_argument("--data", type=_path, required=True, metavar="NEWDIR")
    restore.add_argument("file", type=_path, metavar="FILE")
    restore.add_argument("--identity", type=_path, metavar="FILE", help="of who opens the backup")
    which = restore.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--ledger", type=_path, metavar="FILE", help="what was erased after the backup"
    )
    which.add_argument(
        "--no-ledger", action="store_true", help="it is lost: what was erased since comes back"
    )
    restore.add_argument("--keeper", metavar="ADDRESS", help="where the keeper is now")
    restore.set_defaults(run=_run_restore)


def _erase(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    erase = commands.add_parser(
        "erase", help="carry out at once the erasure of a case that two people approved"
    )
    erase.add_argument("--data", type=_path, required=True, metavar="DIR")
    erase.add_argument("case", metavar="CODE")
    erase.set_defaults(run=_run_erase)


def _run_erase(a: argparse.Namespace) -> int:
    from amana.node import commands  # noqa: PLC0415

    return commands.erase(a)


def _run_keys(a: argparse.Namespace) -> int:
    from amana.node import keys  # noqa: PLC0415

    return int(getattr(keys, a.does)(a))


def _run_backup(a: argparse.Namespace) -> int:
    from amana.node import backup  # noqa: PLC0415

    return backup.run(a)


def _run_restore(a: argparse.Namespace) -> int:
    from amana.node import restore  # noqa: PLC0415

    return restore.run(a)


def _run_keeper(a: argparse.Namespace) -> int:
    from amana.node import keeping  # noqa: PLC0415

    return keeping.run(a)


def _run_init(a: argparse.Namespace) -> int:
    from amana.node import commands  # noqa: PLC0415 - a command loads only what it needs

    return commands.init(a)


def _run_serve(a: argparse.Namespace) -> int:
    from amana.node.serve import serve  # noqa: PLC0415

    serve(a.data)
    return 0


def _run_work(a: argparse.Namespace) -> int:
    from amana.node.serve import work  # noqa: PLC0415

    work(a.data)
    return 0


def _run_search(a: argparse.Namespace) -> int:
    from amana.node.serve import search  # noqa: PLC0415

    search(a.data)
    return 0


def _run_status(a: argparse.Namespace) -> int:
    from amana.node import commands  # noqa: PLC0415

    return commands.status(a)


def _run_verify(a: argparse.Namespace) -> int:
    from amana.node import proofs  # noqa: PLC0415

    if a.data:
        return proofs.verify_node(a.data)
    if not a.directory:
        print("amana verify: --proof needs --directory FILE, with the log's keys", file=sys.stderr)
        return 2
    return proofs.verify_proof(a.proof, a.directory)


def _run_proof(a: argparse.Namespace) -> int:
    from amana.node import proofs  # noqa: PLC0415

    return proofs.print_proof(a.data, a.seq)


def _run_evidence(a: argparse.Namespace) -> int:
    from amana.node import proofs  # noqa: PLC0415

    return proofs.export_evidence(a.data, a.code, a.out)


def _run_assess(a: argparse.Namespace) -> int:
    from amana.node import assess  # noqa: PLC0415

    return assess.run(a.file, as_json=a.json, keep_going=a.keep_going)


def _run_agreements(a: argparse.Namespace) -> int:
    from amana.node import agreements  # noqa: PLC0415

    return agreements.check(a.files, as_json=a.json)


def _run_instruments(a: argparse.Namespace) -> int:
    from amana.node import instruments, paper  # noqa: PLC0415

    if a.act == "list":
        return instruments.show(a.data, as_json=a.json)
    if a.act == "check":
        return instruments.check(a.files, as_json=a.json)
    if a.act == "import":
        return instruments.take_in(a.file, a.data)
    if a.act == "print":
        return paper.run(name=a.name, version=a.version, language=a.language, to=a.to)
    return instruments.export(a.name, a.version, a.to)


def _run_openrosa(a: argparse.Namespace) -> int:
    from amana.node import instruments  # noqa: PLC0415
    from amana.node.lifecycle import use  # noqa: PLC0415

    use(a.data)
    return instruments.bring(a.files, as_json=a.json)


def _run_ctdc(a: argparse.Namespace) -> int:
    from amana.node import figures, historical  # noqa: PLC0415

    return figures.run_tally(a) if a.count else historical.run(a)


def _run_demo(a: argparse.Namespace) -> int:
    from amana.node import demo  # noqa: PLC0415

    return demo.run(a)


def _run_corridor(a: argparse.Namespace) -> int:
    from amana.node import corridor  # noqa: PLC0415

    if not 0 <= a.fail <= 0.9:
        print("amana corridor: --fail is a share between 0 and 0.9", file=sys.stderr)
        return 2
    return corridor.run(a)
