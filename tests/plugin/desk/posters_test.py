"""The pages for the wall."""

import re

import pytest

from indico_checkin_print.models.desks import Desk


@pytest.fixture
def desks(db, event, objects):
    desks = [objects.desk, Desk(event=event, name='South')]
    db.session.add_all(desks)
    db.session.flush()
    return desks


def test_one_page_for_each_desk(manager, event, desks):
    text = manager.get(f'/event/{event.id}/desk/posters', xhr=False).get_data(as_text=True)
    assert text.count('class="desk-poster"') == text.count('<svg') == 2
    links = re.findall(r'class="desk-poster-link">(.*?)<', text)
    assert [link.rpartition('/desk/')[2] for link in links] == [str(desk.id) for desk in desks]
    assert all(link.startswith('http') for link in links)


def test_one_desk(manager, event, desks):
    url = f'/event/{event.id}/desk/posters'
    text = manager.get(f'{url}?desk={desks[1].id}', xhr=False).get_data(as_text=True)
    assert text.count('class="desk-poster"') == 1
    for wrong in ('0', 'x', ''):
        assert manager.get(f'{url}?desk={wrong}').status_code == 404


def test_without_desks(db, manager, event, desks):
    for desk in desks:
        desk.is_deleted = True
    db.session.flush()
    assert 'There are no desks yet' in manager.get(f'/event/{event.id}/desk/posters').get_data(as_text=True)
