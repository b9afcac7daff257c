"""The whole stack, started once for all system tests. They change it, so none may count on an empty ledger."""

import pytest

from tests.stack.say import say
from tests.stack.stack import Wanted, running


@pytest.fixture(scope='session')
def stack():
    """Return a running `Stack` with two desks, two paired agents, two printers and 300 registrations."""
    with running(Wanted(), say=say) as stack:
        yield stack
