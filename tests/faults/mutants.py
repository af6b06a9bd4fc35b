"""A fixed list of one-line faults in the lines that hold a door shut, and the tests that see each.

    python -m tests.faults.mutants [--only NAME ...] [--out FILE.json]

Each is made in a copy of the package, never in the package itself. A line that moved to another
file of its room is found there; one that changed must be changed here too, and says so.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("amana", "tests", "tools", "conftest.py", "pyproject.toml", "locale", "fuzz")
BINDINGS = "tests/faults/test_bindings.py"
ACCESS = "amana/access/tests/test_actions.py"
EXCHANGE = "amana/exchange/tests/test_actions.py"
RENEWAL = "amana/access/tests/test_renewal.py"
RELIABILITY = (
    "amana/exchange/tests/test_actions_of_reliability.py::"
    "test_every_message_has_its_effect_once_and_in_order_whatever_the_line_does"
)
PARCELS = "amana/exchange/tests/test_actions_of_parcels.py"
STAYS = "amana/shelters/tests/test_stays.py"
APART = "amana/shelters/tests/test_apart.py"
BOXES = "amana/crypto/tests/test_boxes.py"
FLIPS = "tests/vault/test_bit_flips.py::test_no_flip_"
EVIDENCE = "tests/vault/test_evidence.py::test_no_byte_of_the_evidence_can_be_another"
FIGURES = "amana/knowledge/tests"
# The room of the program for strangers, which stands outside the package.
TOOLS = "tools"


@dataclass(frozen=True)
class Mutant:
    """A fault: in which room, which text becomes which, and the tests of which one must fail."""

    name: str
    room: str
    line: str
    becomes: str
    tests: tuple[str, ...]


def _m(name: str, room: str, line: str, becomes: str, *tests: str) -> Mutant:
    return Mutant(name, room, line, becomes, tests)


MUTANTS = (
    # Who sees what.
    _m(
        "the matrix is not asked",
        "cases",
        "if row is None or key is None or name not in policy.opens(actor.role):",
        "if row is None or key is None:",
        f"{BINDINGS}::test_a_key_that_came_too_far_opens_no_part_that_the_matrix_denies",
    ),
    _m(
        "a worker sees her colleagues' cases",
        "cases",
        '        found = found.filter(worker__in=("", actor.account_id))',
        "        pass",
        f"{BINDINGS}::test_a_colleague_s_case_is_not_there_for_a_worker",
    ),
    _m(
        "a conflict hides nothing",
        "cases",
        "return (Exists(held) | Exists(involved), no_conflict(actor, case))",
        "return (Exists(held) | Exists(involved),)",
        f"{BINDINGS}::test_a_case_is_gone_for_whoever_declared_a_conflict",
    ),
    _m(
        "the gate does not look at the role",
        "node",
        "if page is None or request.found_actor.role not in page.roles:",
        "if page is None:",
        "tests/architecture/test_access.py::test_a_page_opens_for_its_roles_and_is_not_there_for_"
        "any_other[desk:node-case_worker]",
    ),
    _m(
        "the gate does not look at the role, and is sent garbage",
        "node",
        "if page is None or request.found_actor.role not in page.roles:",
        "if page is None:",
        "tests/faults/test_forms.py::"
        "test_no_garbage_breaks_a_page_or_shows_what_is_not_for_this_role[desk:node]",
    ),
    _m(
        "the supervisors' team opens by itself",
        "access",
        "    teams = [code for code, keys in actor.teams.items() if keys.kind != GLASS]\n    wraps",
        "    teams = list(actor.teams)\n    wraps",
        f"{BINDINGS}::test_the_supervisors_wrap_opens_nothing_by_itself_and_shows_no_case",
    ),
    _m(
        "the supervisors' team sees every case",
        "access",
        "    teams = [code for code, keys in actor.teams.items() if keys.kind != GLASS]\n"
        "    return models.Exists",
        "    teams = list(actor.teams)\n    return models.Exists",
        f"{BINDINGS}::test_the_supervisors_wrap_opens_nothing_by_itself_and_shows_no_case",
    ),
    _m(
        "nobody is asked who she is before what cannot be taken back",
        "access",
        "if now - actor.stepped_up_at >= STEP_UP:",
        "if False:",
        "tests/faults/test_clock_jumps.py::"
        "test_a_step_up_is_not_made_younger_by_a_clock_that_is_set_back",
    ),
    _m(
        "who left a team keeps the seed that phones seal to",
        "access",
        "new_seed() if is_reseeded else None",
        "None",
        f"{RENEWAL}::test_who_left_the_team_opens_nothing_that_is_sealed_to_it_afterwards",
    ),
    _m(
        "the key of before a renewal opens nothing",
        "access",
        "for seed in keys.seeds:",
        "for seed in keys.seeds[:1]:",
        f"{RENEWAL}::test_what_a_stranger_wrapped_to_the_key_of_before_opens_after_the_renewal",
    ),
    _m(
        "wrong passwords are not counted",
        "access",
        "if len(recent) >= allowed:",
        "if False:",
        f"{ACCESS}::test_after_too_many_failures_even_the_right_password_waits",
    ),
    # What is bound to its place.
    _m(
        "a box is not bound to its row",
        "crypto",
        "return before + _sized(self.row.encode()) + after",
        "return before + after",
        BOXES,
    ),
    _m(
        "a box is not bound to its field",
        "crypto",
        "return before, _sized(place.field.encode()) + _sized(place.key_id.encode())",
        "return before, _sized(place.key_id.encode())",
        BOXES,
    ),
    _m(
        "a box is not bound to its key's number",
        "crypto",
        "return before, _sized(place.field.encode()) + _sized(place.key_id.encode())",
        "return before, _sized(place.field.encode())",
        BOXES,
    ),
    _m(
        "a session is not bound to its account",
        "access",
        'return Place("access_session", session_id, "sealed", account_id)',
        'return Place("access_session", session_id, "sealed", "")',
        f"{BINDINGS}::test_a_session_that_was_moved_to_the_administrator_makes_nobody_one",
    ),
    _m(
        "a stranger's wrap is not bound to its key",
        "access",
        "return WRAP_INFO + what.encode()",
        "return WRAP_INFO",
        f"{BINDINGS}::test_a_key_wrapped_by_a_stranger_is_bound_to_its_number",
    ),
    _m(
        "a member's wrap is not bound to its key",
        "access",
        'return Place("access_keywrap", key_id, "wrapped", team)',
        'return Place("access_keywrap", "", "wrapped", team)',
        f"{BINDINGS}::test_a_key_wrapped_by_a_member_is_bound_to_its_number",
    ),
    _m(
        "erasing leaves the wraps",
        "access",
        "gone = sum(int(t.objects.filter(key_id__in=wanted).delete()[0]) for t in _LAYERED)",
        "gone = 0",
        f"{BINDINGS}::test_an_erased_key_has_no_wrap_left_and_opens_for_nobody",
    ),
    # What the keeper asks.
    _m(
        "the keeper answers without the phone's code",
        "keeper",
        "if known is None or known.is_closed or step is None:",
        "if known is None or known.is_closed:",
        f"{BINDINGS}::test_no_password_is_answered_without_the_code_of_the_phone",
    ),
    _m(
        "a phone's code lives longer",
        "crypto",
        "SLACK = (0, -1, 1)",
        "SLACK = (0, -1, 1, -2, 2)",
        f"{BINDINGS}::test_a_code_is_good_for_the_step_before_and_after_and_no_longer",
    ),
    _m(
        "a number is signed twice",
        "keeper",
        "self._nonces.pop(nonce, None)",
        "self._nonces.get(nonce)",
        f"{BINDINGS}::test_a_number_is_signed_once",
    ),
    _m(
        "any seed opens a session at the keeper",
        "keeper",
        "or not verify(known.signer, signature, OPEN, nonce):",
        "or False:",
        f"{BINDINGS}::test_a_session_opens_for_the_account_s_own_seed",
    ),
    _m(
        "a ticket never ends",
        "keeper",
        "if found is None or not _stands(found, now):",
        "if found is None:",
        f"{BINDINGS}::test_a_ticket_ends_with_its_idle_time",
    ),
    _m(
        "what is enclosed gets no layer",
        "keeper",
        "return newest, [layers.add_layer(self._keys[newest], box) for box in boxes]",
        "return newest, list(boxes)",
        f"{BINDINGS}::test_what_is_enclosed_is_hidden",
    ),
    _m(
        "one supervisor breaks glass",
        "keeper",
        "if len(set(accounts)) < 2:",
        "if len(set(accounts)) < 1:",
        f"{BINDINGS}::test_glass_breaks_for_two_supervisors_within_a_day_and_for_nobody_else",
    ),
    _m(
        "glass stays broken",
        "keeper",
        "if any(now - at >= GLASS_LIFE for at in times):",
        "if False:",
        f"{BINDINGS}::test_glass_breaks_for_two_supervisors_within_a_day_and_for_nobody_else",
    ),
    _m(
        "a supervisor's word is not verified",
        "keeper",
        "if not verify(signer.signer, approval.signature, GLASS, message):",
        "if False:",
        f"{BINDINGS}::test_glass_breaks_on_a_word_that_was_signed_for_this_key",
    ),
    # Where somebody sleeps, and whom she must not meet.
    _m(
        "a house reads on of who has left it",
        "shelters",
        "withdraw_keys(team, [row.key_id] if row.key_id else [])",
        "pass",
        f"{STAYS}::test_the_house_reads_no_sheet_of_who_has_left_it_and_the_unit_still_does",
    ),
    _m(
        "a conflict hides no stay",
        "shelters",
        "if not (works_there or leads) or cases.has_conflict(row.case, actor.account_id):",
        "if not (works_there or leads):",
        f"{STAYS}::test_whoever_of_the_house_knows_the_person_finds_no_stay_of_hers",
    ),
    _m(
        "who writes of offenders reads what others wrote",
        "shelters",
        "filter(case=case, by=actor.account_id)",
        "filter(case=case)",
        f"{APART}::test_what_others_wrote_is_shown_to_nobody_and_taken_back_by_nobody_else",
    ),
    _m(
        "a code tells whether there is such a case",
        "shelters",
        "if other == case.pk or not (is_house or is_reference(other)):",
        "if other == case.pk or not (is_house or Case.objects.filter(pk=other).exists()):",
        f"{APART}::test_the_code_of_another_case_is_taken_whether_it_exists_or_not",
    ),
    # What is believed of another country.
    _m(
        "receipts may lower a rank",
        "exchange",
        "return by if by.height > rank.height else rank",
        "return by",
        f"{EXCHANGE}::test_receipts_in_any_order_only_ever_raise_a_message",
    ),
    _m(
        "the other node speaks for its desk",
        "exchange",
        'party = "node" if note.rank == rules.Rank.RELAYED else "desk"',
        'party = "node"',
        f"{EXCHANGE}::test_the_other_node_cannot_speak_for_its_desk",
    ),
    _m(
        "the desk's signature is not verified",
        "exchange",
        'signer = trust.signer_of(frame, rules.ENVELOPE, directory, "desk", now=self.now)',
        "signer = directory.desk.signer",
        f"{EXCHANGE}::test_a_known_country_s_desk_with_another_key_is_refused_at_the_desk",
    ),
    _m(
        "an older directory is taken",
        "exchange",
        "if found.version <= last.version:",
        "if False:",
        f"{EXCHANGE}::test_a_directory_under_another_root_or_an_older_version_is_refused",
    ),
    # What security C2.6 promises of any line: the four mutants named there, and three of batches.
    _m(
        "a later receipt lowers a rank",
        "exchange",
        "row.rank = rules.raised(Rank(row.rank), rank)",
        "row.rank = rank",
        RELIABILITY,
    ),
    _m(
        "a message is opened before the one that comes first",
        "exchange",
        "if header.seq != applied + 1:",
        "if False:",
        RELIABILITY,
    ),
    _m(
        "a receipt leaves and its message is not kept",
        "exchange",
        "_keep(fresh, {mid: signed[mid] for mid in fresh.keys() - kept.keys()}, caller, now)",
        "pass",
        RELIABILITY,
    ),
    _m(
        "what was sent once is never sent again",
        "exchange",
        "lane.model.objects.filter(pk__in=ids).update(not_before=now + LEASE)",
        "lane.model.objects.filter(pk__in=ids).update(not_before=None)",
        RELIABILITY,
    ),
    _m(
        "what a refused message did is not undone",
        "exchange",
        "            with transaction.atomic():\n                self._apply(message, opened)",
        "            if True:\n                self._apply(message, opened)",
        RELIABILITY,
    ),
    _m(
        "one bad message of a parcel takes the others with it",
        "exchange",
        '        return _Brought(outer, container, sha256, "", now, refused.reason)',
        "        raise",
        PARCELS,
    ),
    _m(
        "a failing line is asked for as much as before",
        "exchange",
        "self._most[lane] = max(1, len(way.rows) // 2)",
        "self._most[lane] = parcels.MOST",
        PARCELS,
    ),
    _m(
        "every address is of the public Internet",
        "exchange",
        "return ip.is_global and not ip.is_multicast and not ip.is_reserved",
        "return True",
        "amana/exchange/tests/test_carrier.py",
    ),
    # What a single bit must not change.
    _m(
        "a container's head is not sealed",
        "crypto",
        "if not same(mac, _mac(file_key, head)):",
        "if False:",
        f"{FLIPS}in_a_container_opens",
    ),
    _m(
        "one of the two signatures is enough",
        "crypto",
        "        MLDSA65PublicKey.from_public_bytes(mldsa_public).verify(mldsa_signature, signed)",
        "        pass",
        f"{FLIPS}in_a_parcel_comes_through_the_door",
    ),
    _m(
        "what a frame is filled up with may say anything",
        "crypto",
        "if any(padding) or at != len(data):",
        "if at != len(data):",
        f"{FLIPS}in_a_receipt_raises_a_message",
    ),
    _m(
        "nobody signs a directory",
        "exchange",
        "if not verify(root, signature, DIRECTORY, text.encode()):",
        "if False:",
        f"{FLIPS}in_a_directory_is_the_roots",
    ),
    _m(
        "nobody signs a checkpoint",
        "crypto",
        'raise BadNote("a signature does not hold") from None',
        "return at",
        f"{FLIPS}in_a_checkpoint_is_the_logs_or_the_witnesss",
    ),
    # What a stranger's program must see.
    _m(
        "the stranger's program believes one of two signatures",
        TOOLS,
        "            return MLDSA65PublicKey.from_public_bytes(public[32:]).verify(signature[64:], "
        "said)",
        "            return None",
        EVIDENCE,
    ),
    _m(
        "the stranger's program takes a receipt that is filled up with words",
        TOOLS,
        '    must(empty == bytes(8) and not any(rest), "a receipt with more than it may hold")',
        "    pass",
        EVIDENCE,
    ),
    _m(
        "the stranger's program takes a directory that no root signed",
        TOOLS,
        '    signed([root], unb64(outer["signature"]), b"amana/directory/v1\\0", text)',
        "    pass",
        EVIDENCE,
    ),
    _m(
        "the stranger's program takes an entry that is in no tree",
        TOOLS,
        '    must(last == 0 and node == root, "an entry that is not in the tree")',
        "    pass",
        EVIDENCE,
    ),
    _m(
        "the stranger's program takes one of a witness's two signatures",
        TOOLS,
        "            MLDSA44PublicKey.from_public_bytes(public).verify(signature, said + "
        "unb64(root))",
        "            pass",
        EVIDENCE,
    ),
    # What is published exposes nobody.
    _m(
        "one person alone is no small count",
        "knowledge",
        "return (values > 0) & (values < threshold)",
        "return (values > 1) & (values < threshold)",
        f"{FIGURES}/test_rules.py::test_one_boy_is_withheld_and_so_is_what_would_lead_to_him",
    ),
    _m(
        "the attacker subtracts and does nothing else",
        "knowledge",
        "recovered = withheld & (high - low < NEAR)",
        "recovered = withheld & by_subtraction",
        f"{FIGURES}/test_safe.py::"
        "test_the_attacker_is_right_and_misses_nothing_that_limits_can_say",
    ),
    _m(
        "who came between two releases is nobody",
        "knowledge",
        "sums.append(Sum(more, (less, came)))",
        "pass",
        f"{FIGURES}/test_safe.py::test_what_came_between_two_releases_is_protected_like_a_table",
    ),
    _m(
        "what exposes somebody is published",
        "knowledge",
        "    if ready.is_safe:\n        return Tried([], ready)",
        "    if ready:\n        return Tried([], ready)",
        f"{FIGURES}/test_actions.py::"
        "test_one_boy_is_not_published_bare_and_the_refusal_says_what_could_be",
    ),
    _m(
        "whoever is signed in counts",
        "knowledge",
        "    team_of(actor)\n    since, until",
        "    since, until",
        f"{FIGURES}/test_actions.py::"
        "test_only_a_statistician_counts_and_the_case_worker_who_opens_files_does_not",
    ),
    _m(
        "whoever has a file is a victim",
        "knowledge",
        "return _glotip(CLASS, decided) == DETECTED",
        "return True",
        f"{FIGURES}/test_contributed.py::"
        "test_ctdcs_file_is_read_back_by_its_reader_one_row_for_each_person",
    ),
    _m(
        "a file of persons shows groups of any size",
        "knowledge",
        "if value < least:",
        "if False:",
        f"{FIGURES}/test_contributed.py::test_fewer_than_ctdc_shows_alike_are_left_out_and_told",
    ),
    _m(
        "each release has the whole budget",
        "knowledge",
        "elif epsilon > left(spent, table) + NEARLY:",
        "elif epsilon > left([], table) + NEARLY:",
        f"{FIGURES}/test_releases.py::"
        "test_what_releases_of_the_same_days_cost_adds_up_and_stops_at_the_budget",
    ),
    _m(
        "the ledger believes what lies open",
        "knowledge",
        'float(opened(actor, row)["counts"]["epsilon"])',
        'float(json.loads(bytes(row.content))["counts"]["epsilon"])',
        f"{FIGURES}/test_releases.py::"
        "test_the_second_release_of_the_same_days_is_held_to_what_the_first_left",
    ),
)


class Astray(Exception):
    """A mutant whose line is not in its room, or there more than once."""


def place_of(mutant: Mutant, root: Path) -> Path:
    """Return the one file of its room in which a mutant's line stands; raises Astray."""
    room = root / TOOLS if mutant.room == TOOLS else root / "amana" / mutant.room
    files = sorted(room.rglob("*.py"))
    found = [f for f in files if f.read_text().count(mutant.line) == 1]
    if len(found) != 1 or any(f.read_text().count(mutant.line) > 1 for f in files):
        raise Astray(f"{mutant.name}: its line stands {len(found)} times in {mutant.room}")
    return found[0]


def copied(where: Path) -> Path:
    """Copy the package and its tests; return the copy's root."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, where / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, where / name)
    return where


def is_caught(mutant: Mutant, root: Path) -> bool:
    """Say whether a test fails while the fault is in the copy, and mend the copy again."""
    path = place_of(mutant, root)
    whole = path.read_text()
    path.write_text(whole.replace(mutant.line, mutant.becomes))
    try:
        return tested(mutant.tests, root) == FAILED
    finally:
        path.write_text(whole)


# pytest's own exit codes: a fault that stops a test from running at all is not caught by it.
PASSED, FAILED = 0, 1


def tested(tests: tuple[str, ...], root: Path) -> int:
    """Run tests of the copy; return pytest's exit code."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        cwd=root,
        env={**environment, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
    ).returncode


def hunt(mutants: tuple[Mutant, ...]) -> dict[str, str]:
    """Try each mutant in a fresh copy; return what became of it: caught, or why not."""
    outcome: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="amana-mutants-") as folder:
        root = copied(Path(folder))
        every = tuple(dict.fromkeys(test for m in mutants for test in m.tests))
        if tested(every, root) != PASSED:
            return {m.name: "its tests fail without it" for m in mutants}
        for mutant in mutants:
            outcome[mutant.name] = "caught" if is_caught(mutant, root) else "not caught"
            print(f"{outcome[mutant.name]}: {mutant.name}", flush=True)
    return outcome


def main() -> int:
    """Hunt all of them, or those named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--out", type=Path, default=None)
    asked = parser.parse_args()
    chosen = tuple(m for m in MUTANTS if asked.only is None or m.name in asked.only)
    outcome = hunt(chosen)
    if asked.out:
        asked.out.write_text(json.dumps(outcome, indent=1))
    return 0 if set(outcome.values()) == {"caught"} else 1


if __name__ == "__main__":
    sys.exit(main())
