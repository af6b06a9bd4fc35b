"""What the keeper allows, how often, and which epochs live. Pure."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

EPOCH = timedelta(days=7)
IDLE = timedelta(minutes=20)
LONGEST = timedelta(hours=8)
NONCE_LIFE = timedelta(minutes=2)
GLASS_LIFE = timedelta(hours=24)
# Two machines' clocks may differ by this much; an approval from later than that is from no clock.
SKEW = timedelta(minutes=5)
# Whose word breaks glass: the code of a supervisor.
GLASS_ROLES = ("R04",)
# What a demo's sign-in page prints instead of asking for a phone.
DEMO_CODE = "000000"


class KeeperRefused(Exception):
    """The keeper will not; carries one code and never a reason that would help to try again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Limit:
    """So many, within so many seconds."""

    count: int
    seconds: int


@dataclass(frozen=True)
class Policy:
    """What stands in keeper.json: limits, the backup window in weeks, whether this is a demo."""

    is_demo: bool = False
    # A backup older than this many epochs opens for nobody (5 weeks: proposed; configuration).
    window: int = 5
    stretch_account: Limit = Limit(10, 900)
    stretch_all: Limit = Limit(1200, 900)
    open_account: Limit = Limit(120, 900)
    # Some 65 tokens whenever a name or a place is written: thirty writings a day and worker.
    evaluate_account: Limit = Limit(2000, 86400)
    glass_account: Limit = Limit(20, 86400)

    def fields(self) -> dict[str, object]:
        """Return the policy as it stands in keeper.json."""
        return asdict(self)

    @classmethod
    def of(cls, fields: Mapping[str, object]) -> "Policy":
        """Read a policy; raises TypeError for a field that does not exist."""
        read = {k: Limit(**v) if isinstance(v, dict) else v for k, v in fields.items()}
        return cls(**read)  # type: ignore[arg-type]


@dataclass
class Counter:
    """How often each subject asked, as far back as the limit looks."""

    asked: dict[tuple[str, str], deque[datetime]] = field(default_factory=dict)
    tidy_at: int = 1000

    def take(self, what: str, subject: str, limit: Limit, now: datetime, n: int = 1) -> None:
        """Count `n` more, or refuse with TRY_LATER and count nothing."""
        self._tidy(now)
        times = self.asked.setdefault((what, subject), deque())
        since = now - timedelta(seconds=limit.seconds)
        while times and times[0] <= since:
            times.popleft()
        if len(times) + n > limit.count:
            raise KeeperRefused("TRY_LATER")
        times.extend([now] * n)

    def _tidy(self, now: datetime) -> None:
        """Forget subjects that asked nothing for a day, whenever their number has doubled."""
        if len(self.asked) < self.tidy_at:
            return
        day = timedelta(days=1)
        self.asked = {s: t for s, t in self.asked.items() if t and now - t[-1] < day}
        self.tidy_at = max(1000, 2 * len(self.asked))

    def forgive(self, what: str, subject: str) -> None:
        """Forget what a subject asked: it has shown who it is."""
        self.asked.pop((what, subject), None)


@dataclass(frozen=True)
class Epoch:
    """One week's outer key, by number. `retired` says that no row of the node lies under it."""

    number: int
    made_at: datetime
    retired: bool = False


def is_due(current: Epoch, now: datetime) -> bool:
    """Say whether a new epoch begins: after seven days."""
    return now - current.made_at >= EPOCH


def to_destroy(epochs: Iterable[Epoch], *, window: int) -> list[int]:
    """Return the epochs whose keys go: retired, and more than `window` before the newest.

    An epoch under which rows still lie is never among them, however old.
    """
    known = list(epochs)
    newest = max(e.number for e in known)
    return [e.number for e in known if e.retired and newest - e.number >= window]


def objections_to_glass(
    *, accounts: list[str], roles: list[str], times: list[datetime], now: datetime
) -> list[str]:
    """Return what stands against breaking glass on these approvals."""
    against = []
    if len(set(accounts)) < 2:
        against.append("GLASS_NEEDS_TWO")
    if any(role not in GLASS_ROLES for role in roles):
        against.append("GLASS_NOT_A_SUPERVISOR")
    if any(now - at >= GLASS_LIFE for at in times):
        against.append("GLASS_IS_OVER")
    if any(at - now > SKEW for at in times):
        against.append("GLASS_FROM_TOMORROW")
    return against
