"""The retention table: how long every kind of row is kept, from when, and how it goes.

Every figure is a proposed default that a country's law replaces; none is read here as law.
`is_running` says whether the node does it by itself today, so that a promise and a deed are told
apart. A model that is not here fails a test.
"""

from dataclasses import dataclass
from datetime import timedelta

from amana.access.rules import (
    CHALLENGE_LIFE,
    FAILURE_WINDOW,
    LONGEST,
    NOTICE_LIFE,
    RECOVERY_ENDS,
)
from amana.exchange.rules import LIFETIME
from amana.field.rules import INVITATION_LIFE, MEMORY, RECORD_LIFE
from amana.identification.actions import DRAFT_LIFE

PROPOSED = "proposed"
# How long a closed case waits until two people decide whether it may go.
REVIEW_AFTER = timedelta(days=730)


@dataclass(frozen=True)
class Kept:
    """One kind of row: what it is, how long it stays from which event, how it is erased, and why.

    `life` is None where no length of time decides: until what `since` names happens, or for ever.
    """

    row: str
    life: timedelta | None
    since: str
    erased_by: str
    reason: str
    is_running: bool = False
    mark: str = PROPOSED


# What hangs on a case goes with it, and not before.
WITH_THE_CASE = "until the case it belongs to is erased"
# Losing the key to a sealed row erases the row, in every copy of it that a backup holds.
BY_ITS_KEY = "its key's wraps are deleted, then the row; a backup without the wraps opens nothing"

# An erasure takes two people, and the worker carries it out within seconds.
BY_TWO = "cases.actions.erase_case, on the word of two people: "

TABLE: dict[str, Kept] = {
    "access.Team": Kept(
        row="people who hold one key together",
        life=None,
        since="for as long as the node stands",
        erased_by="never: without it nothing that was sealed to it opens",
        reason="the key of a team outlives every one of its members",
    ),
    "access.Account": Kept(
        row="a person who works here, with her locked key",
        life=None,
        since="for as long as a record entry names her",
        erased_by="closed on the day she leaves; name and locked key are then emptied",
        reason="who opened a file must stay answerable; a closed account opens nothing",
    ),
    "access.Lock": Kept(
        row="an account's seed, sealed to one way in",
        life=None,
        since="until she removes it, her account is closed, or it is replaced",
        erased_by="access.actions.locks.remove_passkey, access.actions.end_account",
        reason="a way in that is no longer hers must open nothing",
        is_running=True,
    ),
    "access.Membership": Kept(
        row="a team's key, wrapped to one member",
        life=None,
        since="until she leaves the team or her account is closed",
        erased_by="access.actions.close_account",
        reason="whoever left must not be able to open what the team keeps",
        is_running=True,
    ),
    "access.KeyWrap": Kept(
        row="one key, wrapped to one team",
        life=None,
        since="until what it opens is erased",
        erased_by="deleted first: that erases what it opens, wherever copies lie",
        reason="the smallest thing whose loss makes a sealed row unreadable",
    ),
    "access.Erased": Kept(
        row="the number of a key that was erased",
        life=None,
        since="for as long as a backup could bring the key back",
        erased_by="never: it holds nothing about a person",
        reason="a restored backup is shorn of what it brings back against the erasure",
    ),
    "access.RecoveryShare": Kept(
        row="a share of an account's seed, sealed to one recovery officer",
        life=None,
        since="until the officers change or the account is closed",
        erased_by="the owner's next sign-in cuts it anew; access.actions.end_account",
        reason="two of them give a seed back whose every lock is lost",
        is_running=True,
    ),
    "access.Recovery": Kept(
        row="somebody's request for a seed whose every lock is lost",
        life=RECOVERY_ENDS,
        since="the request",
        erased_by="finished or stopped before, or the worker's access.actions.sweep",
        reason="an old request must not be answered when nobody remembers who asked",
        is_running=True,
    ),
    "access.RecoveryApproval": Kept(
        row="an officer's share, sealed to the person who asked",
        life=RECOVERY_ENDS,
        since="the request that it answers",
        erased_by="deleted with the request, by access.actions.sweep at the latest",
        reason="it serves one request and no other",
        is_running=True,
    ),
    "access.Notice": Kept(
        row="something that a person must be told: a code",
        life=NOTICE_LIFE,
        since="the event",
        erased_by="access.actions.sweep",
        reason="what nobody read in a quarter is told no more; the record has it",
        is_running=True,
    ),
    "access.Spent": Kept(
        row="a passkey's challenge that was answered, as a digest",
        life=CHALLENGE_LIFE,
        since="the answer",
        erased_by="access.actions.sweep",
        reason="an older challenge is refused by its age",
        is_running=True,
    ),
    "access.Session": Kept(
        row="a sign-in",
        life=LONGEST,
        since="the sign-in",
        erased_by="access.actions.sign_out, and the worker's access.actions.sweep",
        reason="a stolen cookie is worth one working day at most",
        is_running=True,
    ),
    "access.Failure": Kept(
        row="a failed sign-in, as two digests, or a paper that was not ours, as one",
        life=FAILURE_WINDOW,
        since="the failure",
        erased_by="a sign-in that succeeds, and the worker's access.actions.sweep",
        reason="kept only to slow the next guess",
        is_running=True,
    ),
    "audit.Entry": Kept(
        row="one act",
        life=None,
        since="for ever, as a leaf of the tree",
        erased_by="audit.actions.empty_entry: salt and event go; the leaf and a word of it stay",
        reason="the record must prove that nothing was cut out of it, and need not say what it was",
    ),
    "audit.Head": Kept(
        row="the tree's size, frontier and root",
        life=None,
        since="for ever",
        erased_by="never: it holds nothing about a person",
        reason="without it a cut tail is not seen",
    ),
    "audit.Cosigned": Kept(
        row="the last checkpoint of the record that one witness vouched for",
        life=None,
        since="until the same witness vouches for a later one",
        erased_by="audit.actions.keep_cosigned writes over it",
        reason="it holds sizes, hashes and signatures, and proves the record to a third party",
    ),
    "audit.Witnessed": Kept(
        row="the last checkpoint of a partner's record that was vouched for here",
        life=None,
        since="until a later one of the same log; the last of a log that ended stays",
        erased_by="audit.actions.witness writes over it",
        reason="without it a partner's record could forget what it once said",
    ),
    "audit.Alarm": Kept(
        row="a log that forked, became shorter or fell silent, with the checkpoint that showed it",
        life=None,
        since="for ever",
        erased_by="never: it holds nothing about a person",
        reason="two checkpoints that one log signed and that exclude each other are evidence",
    ),
    "agreements.Step": Kept(
        row="what became of an agreement, as one person noted it: a code, a day, a reason",
        life=None,
        since="for ever",
        erased_by="never: it holds nothing about a person protected",
        reason="by which agreement a message left must stay answerable",
    ),
    "agreements.Word": Kept(
        row="the second person's word on such a step",
        life=None,
        since="for ever, with its step",
        erased_by="never: an account, a moment, yes or no",
        reason="a step counts by it, and from its moment",
    ),
    "exchange.Peer": Kept(
        row="a partner country and the keys it signed",
        life=None,
        since="until the agreement with that country ends",
        erased_by="two people unpin it; nothing is then sent to that country or taken from it",
        reason="old messages prove their sender only with the keys of their day",
    ),
    "exchange.Replaced": Kept(
        row="a partner's directory that a newer one replaced",
        life=None,
        since="for ever: receipts of its days are proven by its keys",
        erased_by="never: public keys, functions and numbers, no person",
        reason="a court reads a receipt under the keys that counted on its day",
    ),
    "exchange.Candidate": Kept(
        row="a partner's root that two people still have to compare",
        life=None,
        since="until it is pinned, or another file takes its place",
        erased_by="exchange.actions.trusting.compare_root, with the second person's word",
        reason="it holds a public file and who compared it first",
    ),
    "exchange.Published": Kept(
        row="a version of this country's own signed directory",
        life=None,
        since="for ever: partners and papers refer to it",
        erased_by="never: public keys, functions and numbers, no person",
        reason="it proves which keys counted on a day",
    ),
    "exchange.Handover": Kept(
        row="a former key of the desk vouching for the new one",
        life=None,
        since="for ever: the directories that it went into stand",
        erased_by="never: public keys, a signature and a moment, no person",
        reason="it proves that the desk itself handed over",
    ),
    "exchange.HolidayWord": Kept(
        row="what an officer said of one day: rest or work",
        life=None,
        since="for ever: terms were counted by it",
        erased_by="the officer who takes it back",
        reason="a term that somebody contests is counted again",
    ),
    "exchange.Message": Kept(
        row="a message, sealed",
        life=LIFETIME,
        since="its writing, when nobody opened it; an opened one stays with its case",
        erased_by="exchange.actions.forget empties it with its case; numbers and digests stay",
        reason="an unread message about a person is void; a read one is part of her file",
    ),
    "exchange.Receipt": Kept(
        row="a signed statement how far a message came",
        life=None,
        since="for ever: it holds no content",
        erased_by="never: numbers, digests, dates and a signature",
        reason="it proves to both countries who owed the next word",
    ),
    "identification.Draft": Kept(
        row="an unfinished screening, sealed to its author",
        life=DRAFT_LIFE,
        since="the last touch",
        erased_by="identification.actions.drop_old_drafts, or sent or discarded before",
        reason="an interview that nobody finished in three days is begun anew, not guessed at",
        is_running=True,
    ),
    "identification.Screening": Kept(
        row="a finished screening, sealed to the care team",
        life=timedelta(days=182),
        since="a decision that opens no case; else it stays " + WITH_THE_CASE,
        erased_by="identification.actions.erase_screening, with its case; alone nothing does",
        reason="a person who was wrongly sent away may come back within half a year",
    ),
    "identification.FormalStep": Kept(
        row="a step of a formal identification, sealed under the screening's key",
        life=None,
        since="as long as the screening it belongs to",
        erased_by="with its screening: the key goes first",
        reason="what an authority decided stays with what it decided on, contested or not",
        is_running=True,
    ),
    "field.Invitation": Kept(
        row="the digest of a QR code that enrols one phone",
        life=INVITATION_LIFE,
        since="its making",
        erased_by="used, or field.actions.arrivals.sweep",
        reason="a code that was photographed must be worth nothing an hour later",
        is_running=True,
    ),
    "field.Device": Kept(
        row="an enrolled phone: its public key, who carries it, for which unit",
        life=None,
        since="for as long as a record entry names it",
        erased_by="never; withdrawn, it adds nothing more to the unit's list",
        reason="which phone brought a screening must stay answerable",
    ),
    "field.Resumable": Kept(
        row="that a unit's phones may keep drafts which can be read again",
        life=None,
        since="until an administrator forbids it",
        erased_by="field.actions.phones.allow_resuming",
        reason="a rule of the unit, no person's data",
        is_running=True,
    ),
    "field.Item": Kept(
        row="what a phone sealed; after its opening only the number of what was taken",
        life=MEMORY,
        since="its arrival, once it was opened; unopened until somebody of the team opens it",
        erased_by="opened: its key and bytes at once; its number by field.actions.arrivals.sweep",
        reason="a phone that never heard of its receipt asks again, and must be told: known",
        is_running=True,
    ),
    "field.Operation": Kept(
        row="many people found at once: expected, begun, ended; its name sealed",
        life=MEMORY,
        since="its end, which a supervisor says once everybody is looked after",
        erased_by="field.actions.operations.sweep_operations: " + BY_ITS_KEY,
        reason="a phone that was long without a line still brings parts under its wristbands",
        is_running=True,
    ),
    "field.Wristband": Kept(
        row="a printed code and its number; who wore it stands in sealed records alone",
        life=MEMORY,
        since="its operation's end",
        erased_by="deleted with its operation",
        reason="without it a late part of a person would not find her record",
        is_running=True,
    ),
    "field.Record": Kept(
        row="what each phone wrote of one person, sealed under a key of its own",
        life=RECORD_LIFE,
        since="its last change, once it has a screening and its operation, if any, ended",
        erased_by="field.actions.arrivals.sweep and erase_records_of: " + BY_ITS_KEY,
        reason="another phone's part may still come, and must find its person",
        is_running=True,
    ),
    "cases.Case": Kept(
        row="a person under protection, by code",
        life=REVIEW_AFTER,
        since="the closing of the case",
        erased_by="two people erase it (cases.actions.erase_case); nothing reminds them of it yet",
        reason="proceedings and compensation come late; a review is not an automatic deletion",
    ),
    "cases.Compartment": Kept(
        row="a sealed part of a case",
        life=None,
        since=WITH_THE_CASE,
        erased_by=BY_TWO + BY_ITS_KEY,
        reason="each part has its own key, so that one can go before the others",
        is_running=True,
    ),
    "cases.Attachment": Kept(
        row="a file of a part: the clean copy, and the original as evidence, both sealed",
        life=None,
        since=WITH_THE_CASE,
        erased_by=BY_TWO + "its part's key first, then its two files are overwritten and removed",
        reason="papers and photographs are evidence, and belong to the part that they prove",
        is_running=True,
    ),
    "cases.Erasure": Kept(
        row="two people's decision that a case goes, and when it went",
        life=None,
        since="for ever; one that somebody declined goes at once",
        erased_by="cases.actions.decline_erasure; else never: code, dates, counts, who decided",
        reason="the certificate must be shown to whoever asks what became of a case",
    ),
    "cases.Card": Kept(
        row="what may be searched of a person, sealed",
        life=None,
        since=WITH_THE_CASE,
        erased_by=BY_TWO + "deleted with the case; in a backup it goes dark with its epoch",
        reason="a name must find its case, in either script, without an index",
        is_running=True,
    ),
    "cases.MatchToken": Kept(
        row="the keeper's blind answers about a person",
        life=None,
        since=WITH_THE_CASE,
        erased_by=BY_TWO + "deleted with the case",
        reason="two teams must learn that they may care for one child",
        is_running=True,
    ),
    "cases.Involved": Kept(
        row="a team that works on a case",
        life=None,
        since="until its work is ended, or " + WITH_THE_CASE,
        erased_by="cases.actions.release_team; its wraps go with it",
        reason="a part is sealed to the teams that work on a case, and to no other",
        is_running=True,
    ),
    "cases.Conflict": Kept(
        row="a colleague who knows the person of a case",
        life=None,
        since=WITH_THE_CASE,
        erased_by=BY_TWO + "deleted with the case",
        reason="the case must stay hidden from her",
        is_running=True,
    ),
    "cases.Opening": Kept(
        row="one opening of a sealed part: who, when, why",
        life=None,
        since=WITH_THE_CASE,
        erased_by=BY_TWO + "deleted with the case; the record keeps that it happened",
        reason="the person concerned may be given this list",
        is_running=True,
    ),
    "protection.Due": Kept(
        row="when the next duty of a case falls due",
        life=None,
        since="for as long as its case",
        erased_by="with its case: cases.actions.erase_case",
        reason="lists are put in order by it; it says nothing but a moment",
        is_running=True,
    ),
    "protection.SavedFilter": Kept(
        row="how somebody likes her list narrowed: codes, nothing of a person",
        life=None,
        since="until she drops it",
        erased_by="protection.actions.drop_filter",
        reason="nobody chooses the same three things every morning",
        is_running=True,
    ),
    "protection.IssuedPaper": Kept(
        row="the number of a paper, its day, a salted digest, who issued it; the rest is sealed",
        life=None,
        since="for as long as its case",
        erased_by="with its case: cases.actions.erase_case; from then on its number is nobody's",
        reason="whoever is shown a paper must be able to ask whether it still stands",
        is_running=True,
    ),
    "cases.Glass": Kept(
        row="two supervisors' signed word to open one part",
        life=None,
        since=WITH_THE_CASE,
        erased_by=BY_TWO + "deleted with the case; it opens nothing after 24 hours",
        reason="who opened what together must stay answerable",
        is_running=True,
    ),
    "cases.Milestone": Kept(
        row="something that happened in a case, as a code",
        life=None,
        since=WITH_THE_CASE,
        erased_by=BY_TWO + "deleted with the case; what was counted stays counted",
        reason="deadlines and figures read the timeline",
        is_running=True,
    ),
    "cases.Consent": Kept(
        row="what a person agreed to, or the ground in its place",
        life=None,
        since=WITH_THE_CASE,
        erased_by=BY_TWO + BY_ITS_KEY,
        reason="after a withdrawal it still shows on what ground something had left",
        is_running=True,
    ),
    "referrals.Referral": Kept(
        row="one conversation with one country about one person",
        life=None,
        since=WITH_THE_CASE + "; one that was declined goes six months after the refusal",
        erased_by="referrals.actions.carry_out empties it with its case; the rest of it stays",
        reason="the other country is told of the erasure and asked for its own",
        is_running=True,
    ),
    "letters.Thread": Kept(
        row="one conversation with one country outside a referral: an alert, a group, a route",
        life=None,
        since=WITH_THE_CASE + ", where it is about one; else it stays, in codes and without names",
        erased_by="letters.actions.forget empties it with its case",
        reason="what two countries warned each other of must stay answerable",
        is_running=True,
    ),
    "letters.Draft": Kept(
        row="a letter that was written and waits for the desk",
        life=None,
        since="its release, which empties it; one that was given back goes with its conversation",
        erased_by="letters.actions.release empties it; deleted with its thread; " + BY_ITS_KEY,
        reason="who wrote, agreed and released must stay answerable",
        is_running=True,
    ),
    "watch.Rung": Kept(
        row="one rung that a silence climbed: a code, a clock, a level, moments",
        life=None,
        since="for ever, with the messages that it is computed from",
        erased_by="never: it holds nothing about a person",
        reason="the joint committee and both countries' figures rest on it",
    ),
    "watch.Missed": Kept(
        row="a receipt that did not come in time: a message's number and moments",
        life=None,
        since="for ever, with the receipt that came later",
        erased_by="never: it holds nothing about a person",
        reason="it shows that a line was down, and was not somebody's silence",
    ),
    "watch.Duty": Kept(
        row="hours of duty of somebody of the desk",
        life=None,
        since="for as long as a record entry names her",
        erased_by="watch.actions.drop_duty, before they have begun",
        reason="who was on duty when nobody answered must stay answerable",
    ),
    "watch.Call": Kept(
        row="a telephone call about a silence; its words are sealed",
        life=None,
        since=WITH_THE_CASE,
        erased_by=BY_TWO + BY_ITS_KEY,
        reason="that somebody phoned, and what came of it, must stay answerable",
    ),
    "watch.PlanB": Kept(
        row="what is done for a person meanwhile, as a code; its words are sealed",
        life=None,
        since=WITH_THE_CASE,
        erased_by=BY_TWO + BY_ITS_KEY,
        reason="nobody may be left waiting for a country that is silent",
    ),
    "watch.Ping": Kept(
        row="one month's question to another desk whether somebody is there",
        life=None,
        since="for ever: it holds a month and no content",
        erased_by="never: it holds nothing about a person",
        reason="two months without an answer are shown to both countries",
    ),
    "watch.Mail": Kept(
        row="that an address of this node must be told that something waits",
        life=None,
        since="until node.json names the address no more",
        erased_by="watch.actions.send_mail",
        reason="nobody is told more than once an hour",
        is_running=True,
    ),
}
