"""What tests of several modules of the badge need."""

import pytest

from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.routing.rules import dump


@pytest.fixture
def store(db, dummy_event, form):
    """Return a function that stores rules."""
    def _store(*rules):
        setup = EventSetup.query.get(dummy_event.id) or EventSetup(event=dummy_event)
        setup.template_rules = dump(rules)
        db.session.add(setup)
        db.session.flush()
    return _store
