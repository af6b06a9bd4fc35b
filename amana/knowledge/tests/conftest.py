"""What the tests of this room share: whoever counts is there from the first day on."""

import pytest

from amana.access.rules import Role
from tests.cast import Cast, name_of


@pytest.fixture
def cast(cast: Cast) -> Cast:
    """The cast, with a statistician."""
    cast.hire(name_of(Role.STATISTICIAN), "Salma Inventée", Role.STATISTICIAN)
    return cast
