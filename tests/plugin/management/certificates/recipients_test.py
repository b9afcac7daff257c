"""Who gets a certificate and who does not: everybody with a reason, and nobody who is hidden."""

import re

import pytest

from indico_checkin_print.management.certificates import recipients


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def names(manager, here, attendee):
    """Return a function that returns the names that a page shows, in order."""
    def _names(query=''):
        text = manager.get(f'{here}/types/{attendee.id}/recipients?{query}', xhr=False).get_data(as_text=True)
        return re.findall(r'<bdi>(\w+) \w+</bdi></a>', text), text
    return _names


def test_all_people(names, people):
    found, text = names()
    assert found == ['Viktor', 'Hildegard', 'Absent']
    assert 'Gets one: 2' in text
    assert 'Not checked in: 1' in text


@pytest.mark.parametrize(('query', 'expected'), [
    ('reason=not_checked_in', ['Absent']), ('reason=none', ['Viktor', 'Hildegard']), ('name=hILDÉ', ['Hildegard']),
    ('name=nobody', []), ('reason=nonsense', []), ('page=99', ['Viktor', 'Hildegard', 'Absent']),
    ('page=-1', ['Viktor', 'Hildegard', 'Absent'])])
def test_filters(names, people, query, expected):
    assert names(query)[0] == expected


def test_pages(names, people, mocker):
    mocker.patch.object(recipients, 'PAGE_SIZE', 2)
    found, text = names()
    assert found == ['Viktor', 'Hildegard']
    assert '1 of 2' in text
    assert names('page=2')[0] == ['Absent']


def test_hidden_people(names, people, hide):
    found, text = names()
    assert found == ['Viktor']
    assert 'Gets one: 1' in text
    assert 'Not checked in' not in text
