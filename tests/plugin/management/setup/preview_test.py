"""The test badge of a desk, to be looked at."""

import re

import pytest

from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.models.jobs import Job


pytestmark = pytest.mark.usefixtures('no_kick', 'form', 'event')


@pytest.fixture
def look(manager, page, desk):
    """Return a function that returns the HTML of the dialog."""
    return lambda query='': manager.get(f'{page}/desks/{desk.id}/preview?{query}').json['html']


def picture(html):
    return re.search('src="(data:image/png;base64,[^"]+)"', html)[1]


def test_the_longest_name_or_one_that_is_typed(look, create_reg, agent):
    create_reg('Maximiliane', 'Leutheusser')
    count = Registration.query.count()
    html = look()
    assert [re.search(f'name="{name}" value="([^"]+)"', html)[1] for name in ('first_name', 'last_name')] == [
        'Maximiliane', 'Leutheusser']
    typed = look('first_name=Zo%C3%AB&last_name=%EE%80%80')
    assert 'boxes in place of U+E000' in typed
    agent.printers = [{'name': 'p1', 'dpi': 300}]
    assert len({picture(html), picture(typed), picture(look('printer=0'))}) == 3
    # nobody was registered for it, and nothing prints
    assert (Registration.query.count(), Job.query.count()) == (count, 0)


def test_what_is_not_there(db, form, manager, page, desk, look):
    assert manager.get(f'{page}/desks/{desk.id}/preview?printer=7').status_code == 404
    form.enabled = False
    db.session.flush()
    assert 'nothing to test' in look()
