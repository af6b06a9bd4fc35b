"""The access table: every URL of the node, who may open it, and for what purpose.

A URL that is not here opens for nobody. What a person then finds behind a page is decided by
the keys that her teams hold.
"""

from dataclasses import dataclass

from amana.access.policy import MAY_SEARCH, roles_on_files
from amana.access.rules import OFFICER_ROLES, WITHOUT_ACCOUNT, Role

R, W, S, D, C, A = (
    Role.FIRST_RESPONDER,
    Role.CASE_WORKER,
    Role.SUPERVISOR,
    Role.DESK,
    Role.COORDINATOR,
    Role.ADMINISTRATOR,
)
IN_SHELTERS = (Role.SHELTER_MANAGER, Role.SHELTER_WORKER)
EVERYBODY = frozenset(Role) - WITHOUT_ACCOUNT
# Who opens or writes a part of somebody's file; which one is a matter of keys and of the matrix.
ON_FILES = tuple(r for r in roles_on_files() if r not in WITHOUT_ACCOUNT | {R})


@dataclass(frozen=True)
class Page:
    """Who may open a page, and for what."""

    roles: frozenset[Role]
    purpose: str = ""
    is_public: bool = False


def _public() -> Page:
    return Page(frozenset(), is_public=True)


def _for(*roles: Role, purpose: str) -> Page:
    return Page(frozenset(roles), purpose)


TABLE: dict[str, Page] = {
    # Doors without a person behind them.
    "access:sign-in": _public(),
    "access:sign-in-passkey": _public(),
    "access:recover": _public(),
    "access:recover-finish": _public(),
    "access:quick-exit": _public(),
    # One must be able to lock also while the keeper is away and nobody can say who it is.
    "access:sign-out": _public(),
    "set_language": _public(),
    "csp-report": _public(),
    "exchange:messages": _public(),
    "exchange:receipts": _public(),
    "exchange:checkpoints": _public(),
    "exchange:directory": _public(),
    # Whoever is shown a paper may ask whether it is ours; the answer names nobody.
    "protection:check": _public(),
    "field:shell": _public(),
    "field:file": _public(),
    "field:recorded": _public(),
    "field:recording": _public(),
    "field:enrol": _public(),
    "field:arrive": _public(),
    "field:leave": _public(),
    # Everybody who works here.
    "desk:home": Page(EVERYBODY, "work"),
    "desk:figures": Page(EVERYBODY, "work"),
    "access:step-up": Page(EVERYBODY, "work"),
    "access:step-up-passkey": Page(EVERYBODY, "work"),
    "access:locks": Page(EVERYBODY, "work"),
    "access:add-passkey": Page(EVERYBODY, "work"),
    "access:lock": Page(EVERYBODY, "work"),
    "access:password": Page(EVERYBODY, "work"),
    "access:phone": Page(EVERYBODY, "work"),
    "access:team": Page(EVERYBODY, "work"),
    "access:admit": Page(EVERYBODY, "work"),
    # Recovery: officers approve; the person herself stops what was asked in her name.
    "access:recoveries": _for(*OFFICER_ROLES, purpose="recovery"),
    "access:approve-recovery": _for(*OFFICER_ROLES, purpose="recovery"),
    "access:make-officer": _for(*OFFICER_ROLES, purpose="recovery"),
    "access:stop-recovery": Page(EVERYBODY, "recovery"),
    "access:notice": Page(EVERYBODY, "work"),
    # Screening.
    "identification:start": _for(R, W, S, purpose="care"),
    "identification:begin": _for(R, W, S, purpose="care"),
    "identification:page": _for(R, W, S, purpose="care"),
    "identification:skip": _for(R, W, S, purpose="care"),
    "identification:remove-entry": _for(R, W, S, purpose="care"),
    "identification:typed": _for(R, W, S, purpose="care"),
    "identification:bring": _for(W, S, purpose="care"),
    "identification:instruments": _for(R, W, S, purpose="care"),
    "identification:instrument": _for(R, W, S, purpose="care"),
    "identification:form": _for(R, W, S, purpose="care"),
    "identification:review": _for(R, W, S, purpose="care"),
    "identification:discard": _for(R, W, S, purpose="care"),
    "identification:sent": _for(R, W, S, purpose="care"),
    "identification:waiting": _for(S, W, purpose="review"),
    "identification:screening": _for(S, W, purpose="review"),
    "identification:decide": _for(S, purpose="review"),
    "identification:interview": _for(S, W, purpose="review"),
    "identification:again": _for(S, W, purpose="review"),
    "identification:formal": _for(S, W, purpose="review"),
    # Phones, and what they sealed.
    "field:phones": _for(C, S, A, purpose="operation"),
    "field:withdraw": _for(C, S, purpose="operation"),
    "field:resuming": _for(A, purpose="operation"),
    "field:arrivals": _for(W, S, purpose="review"),
    "field:open": _for(W, S, purpose="review"),
    "field:bring": _for(W, S, purpose="review"),
    "field:open-apart": _for(S, purpose="review"),
    "field:record": _for(W, S, purpose="review"),
    "field:choose": _for(W, S, purpose="review"),
    "field:take-apart": _for(W, S, purpose="review"),
    # Many people at once: who leads opens it, who reads what was sealed reads the list.
    "field:operations": _for(C, W, S, purpose="operation"),
    "field:new-operation": _for(C, S, purpose="operation"),
    "field:operation": _for(C, W, S, purpose="operation"),
    "field:wristbands": _for(C, W, S, purpose="operation"),
    "field:more-wristbands": _for(C, S, purpose="operation"),
    "field:end-operation": _for(S, purpose="operation"),
    # The case.
    "cases:list": _for(*ON_FILES, purpose="care"),
    "cases:open": _for(W, S, purpose="care"),
    "cases:case": _for(*ON_FILES, purpose="care"),
    "cases:compartment": _for(*ON_FILES, purpose="care"),
    "cases:write": _for(*ON_FILES, purpose="care"),
    "cases:attach": _for(*ON_FILES, purpose="care"),
    "cases:file": _for(*ON_FILES, purpose="care"),
    "cases:erase": _for(S, purpose="review"),
    "cases:erasures": _for(S, Role.DATA_PROTECTION, purpose="review"),
    "cases:erasure-approve": _for(S, Role.DATA_PROTECTION, purpose="review"),
    "cases:erasure-decline": _for(S, Role.DATA_PROTECTION, purpose="review"),
    "search:search": _for(*(r for r in Role if r in MAY_SEARCH), purpose="care"),
    "cases:people": _for(W, S, purpose="care"),
    "cases:involve": _for(W, S, purpose="care"),
    "cases:release": _for(W, S, purpose="care"),
    "cases:assign": _for(W, S, purpose="care"),
    "cases:conflict": _for(*ON_FILES, purpose="care"),
    "cases:openings": _for(W, S, Role.GUARDIAN, purpose="care"),
    "cases:report": _for(W, purpose="care"),
    "cases:glass": _for(S, purpose="review"),
    "cases:glass-approve": _for(S, purpose="review"),
    "cases:glass-open": _for(S, purpose="review"),
    "protection:worklist": _for(W, S, D, Role.FOCAL_POINT, purpose="care"),
    "protection:filters": _for(W, S, purpose="care"),
    "protection:assign": _for(S, purpose="care"),
    "protection:notes": _for(W, S, purpose="care"),
    "protection:history": _for(W, S, purpose="care"),
    "protection:withdraw": _for(W, S, purpose="care"),
    "protection:load": _for(S, purpose="care"),
    "protection:course": _for(*ON_FILES, purpose="care"),
    "protection:sheets": _for(*ON_FILES, purpose="care"),
    "protection:sheet": _for(*ON_FILES, purpose="care"),
    "protection:strike": _for(S, purpose="care"),
    "protection:papers": _for(W, S, purpose="care"),
    "protection:print": _for(W, S, purpose="care"),
    "protection:find": _for(W, S, purpose="care"),
    "cases:consent": _for(W, purpose="care"),
    "cases:withdraw": _for(W, S, purpose="care"),
    "cases:grounds": _for(S, purpose="review"),
    "cases:confirm": _for(S, purpose="review"),
    # The referral.
    "referrals:prepare": _for(W, purpose="referral"),
    "referrals:statement": _for(W, S, purpose="care"),
    "referrals:list": _for(W, S, D, purpose="referral"),
    "referrals:referral": _for(W, S, D, purpose="referral"),
    "referrals:identity": _for(W, S, D, purpose="referral"),
    "referrals:mail": _for(D, purpose="referral"),
    "referrals:evidence": _for(S, D, purpose="referral"),
    "referrals:evidence-file": _for(S, D, purpose="referral"),
    "referrals:release": _for(D, purpose="referral"),
    "referrals:return": _for(D, purpose="referral"),
    "referrals:dossier": _for(D, purpose="referral"),
    "referrals:acknowledge": _for(D, purpose="referral"),
    "referrals:ask": _for(D, purpose="referral"),
    "referrals:reply": _for(D, purpose="referral"),
    "referrals:accept": _for(D, purpose="referral"),
    "referrals:decline": _for(D, purpose="referral"),
    "referrals:recall": _for(D, purpose="referral"),
    "referrals:answer-recall": _for(D, purpose="referral"),
    "referrals:keep": _for(S, purpose="referral"),
    "referrals:erase-part": _for(S, purpose="referral"),
    "referrals:certificate": _for(S, Role.DATA_PROTECTION, purpose="review"),
    # Letters: the unit and the desk write, the desk signs.
    "letters:tray": _for(W, S, D, purpose="referral"),
    "letters:begin": _for(W, S, D, purpose="referral"),
    "letters:draft": _for(W, S, D, purpose="referral"),
    "letters:agree": _for(S, D, purpose="referral"),
    "letters:release": _for(D, purpose="referral"),
    "letters:return": _for(W, S, D, purpose="referral"),
    "letters:conversation": _for(W, S, D, purpose="referral"),
    "letters:write": _for(W, S, D, purpose="referral"),
    "letters:hand-on": _for(D, purpose="referral"),
    "letters:unit": _for(W, S, purpose="referral"),
    "letters:answer": _for(D, purpose="referral"),
    # Agreements: read by who works by them; a step takes two.
    "agreements:list": _for(C, D, Role.PLAN, Role.DATA_PROTECTION, purpose="cooperation"),
    "agreements:agreement": _for(C, D, Role.PLAN, Role.DATA_PROTECTION, purpose="cooperation"),
    "agreements:note": _for(C, purpose="cooperation"),
    "agreements:confirm": _for(C, Role.DATA_PROTECTION, purpose="cooperation"),
    "agreements:decline": _for(C, Role.DATA_PROTECTION, purpose="cooperation"),
    # Desks abroad: read by who may have to call; two roles compare roots and confirm feasts.
    "exchange:desks": _for(C, D, W, S, purpose="cooperation"),
    "exchange:renew-key": _for(D, purpose="cooperation"),
    "exchange:roots": _for(C, D, purpose="cooperation"),
    "exchange:bring-root": _for(C, D, purpose="cooperation"),
    "exchange:compare-root": _for(C, D, purpose="cooperation"),
    "exchange:holidays": _for(C, D, purpose="cooperation"),
    "exchange:say-holiday": _for(C, D, purpose="cooperation"),
    # A bed: who asks for one, who gives one, who brings somebody there.
    "shelters:places": _for(R, W, S, C, *IN_SHELTERS, purpose="care"),
    "shelters:new-house": _for(C, purpose="care"),
    "shelters:house": _for(C, Role.SHELTER_MANAGER, purpose="care"),
    "shelters:change-house": _for(C, purpose="care"),
    "shelters:log": _for(*IN_SHELTERS, purpose="care"),
    "shelters:complaint": _for(W, S, C, *IN_SHELTERS, purpose="care"),
    "shelters:reports": _for(W, S, C, purpose="care"),
    "shelters:hsds": _for(C, purpose="care"),
    "shelters:figures": _for(C, purpose="figures"),
    "shelters:count": _for(*IN_SHELTERS, purpose="care"),
    "shelters:answer": _for(*IN_SHELTERS, purpose="care"),
    "shelters:way": _for(R, W, S, *IN_SHELTERS, purpose="care"),
    "shelters:bed": _for(W, S, purpose="care"),
    "shelters:ask": _for(W, S, purpose="care"),
    "shelters:take": _for(W, S, purpose="care"),
    "shelters:decline": _for(W, S, purpose="care"),
    "shelters:climb": _for(W, S, purpose="care"),
    "shelters:withdraw": _for(W, S, purpose="care"),
    "shelters:apart": _for(W, purpose="care"),
    "shelters:stays": _for(W, S, *IN_SHELTERS, purpose="care"),
    "shelters:stay": _for(W, S, *IN_SHELTERS, purpose="care"),
    "shelters:end": _for(W, S, *IN_SHELTERS, purpose="care"),
    "shelters:missing": _for(W, S, *IN_SHELTERS, purpose="care"),
    "shelters:exit": _for(W, S, *IN_SHELTERS, purpose="care"),
    "shelters:group": _for(W, S, purpose="care"),
    "shelters:manifest": _for(W, S, purpose="care"),
    "shelters:situation": _for(W, S, purpose="care"),
    "shelters:group-asked": _for(*IN_SHELTERS, purpose="care"),
    "shelters:raised": _for(W, S, C, *IN_SHELTERS, purpose="care"),
    # Who waits for whom, and who is on duty.
    # What is published is for everybody: no case is behind it.
    "knowledge:published": _public(),
    "knowledge:flows": _public(),
    "knowledge:corridor": _public(),
    "knowledge:needs": _public(),
    "knowledge:table": _public(),
    "knowledge:take": _public(),
    "knowledge:count": _for(Role.STATISTICIAN, purpose="figures"),
    "knowledge:publish": _for(Role.STATISTICIAN, purpose="figures"),
    "knowledge:again": _for(Role.STATISTICIAN, purpose="figures"),
    "watch:now": _for(C, D, Role.PLAN, purpose="cooperation"),
    "watch:silence": _for(C, D, purpose="cooperation"),
    "watch:call": _for(C, D, purpose="cooperation"),
    "watch:plan": _for(C, D, purpose="cooperation"),
    "watch:duty": Page(EVERYBODY, "work"),
    "watch:plan-duty": _for(C, D, purpose="cooperation"),
    "watch:drop-duty": _for(C, D, purpose="cooperation"),
    "watch:ask": _for(D, purpose="cooperation"),
    "watch:answer": _for(D, purpose="cooperation"),
    "watch:report": _for(C, Role.PLAN, purpose="cooperation"),
    "watch:take-out": _for(C, Role.PLAN, purpose="cooperation"),
    # The machine.
    "desk:node": _for(A, purpose="operation"),
    "access:new-account": _for(A, purpose="operation"),
    "desk:account": _for(A, purpose="operation"),
    "desk:close-account": _for(A, purpose="operation"),
}
