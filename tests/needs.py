"""What a test needs from outside, and the rule that a missing need may not go unnoticed.

On a worker's own machine a test that finds no Chromium is skipped and says so. Where the variable
AMANA_REQUIRE names the need (`postgres,chromium,shared`), the same skip is a failure.
"""

import os
from collections.abc import Generator

import pytest

# Which marker a test carries for which need.
MARKERS = {"chromium": "browser", "postgres": "postgres", "shared": "shared"}


def required() -> set[str]:
    """Return the needs that must be met here."""
    return {name.strip() for name in os.environ.get("AMANA_REQUIRE", "").split(",") if name.strip()}


def need(what: str, found: object, reason: str) -> None:
    """Go on when the need was found; else skip, or fail where it is required."""
    if what not in MARKERS:
        raise LookupError(f"{what} is no need that tests know: {', '.join(MARKERS)}")
    if found:
        return
    if what in required():
        pytest.fail(f"AMANA_REQUIRE names {what}: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure when AMANA_REQUIRE names what the test's marker stands for."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        for what in required() & set(MARKERS):
            if item.get_closest_marker(MARKERS[what]):
                report.outcome = "failed"
                report.longrepr = (
                    f"AMANA_REQUIRE names {what}, yet this was skipped: {_why(report)}"
                )
    return report


def _why(report: pytest.TestReport) -> str:
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
