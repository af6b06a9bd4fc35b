"""`amana keeper`: the keeper's process. It loads no web framework and knows no database."""

import signal
import sys
from pathlib import Path

from amana.keeper.server import serve
from amana.keeper.store import Store
from amana.node.clock import Clock


def keep(folder: Path) -> None:
    """Run a keeper until it is told to stop."""
    is_demo = Store(folder).policy.is_demo
    # A demo's keeper lives in the shifted time of the node that lies beside it.
    beside = folder.with_name(folder.name.removesuffix("-keeper"))
    clock = Clock(beside, is_demo=is_demo)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
    serve(folder, clock.now)
