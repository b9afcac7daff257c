"""The box about badges that are made before check-in: when, how far that is, and away with them."""

from datetime import timedelta

import pytest

from indico.core import signals
from indico.modules.events.registration.models.registrations import Registration
from indico.util.date_time import now_utc

from indico_checkin_print.ledger import prepared
from indico_checkin_print.models.choices import PrepareWhen
from indico_checkin_print.models.prepared import Prepared
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.work.prepare import prepare


@pytest.fixture(autouse=True)
def wanted(mocker, no_kick):
    """Notes whether Celery is asked to make badges."""
    return mocker.patch('indico_checkin_print.kick.prepare_kicker.want')


@pytest.fixture
def today(db, event, form):
    event.start_dt, event.end_dt = now_utc(), now_utc() + timedelta(days=1)
    db.session.flush()


@pytest.fixture
def made(today, event, create_reg):
    """The badges of two people, of whom one has no name, are made."""
    people = [create_reg(), create_reg('', '')]
    prepared.ask(event.id)
    assert not prepare('test', seconds=60)
    return people


def test_now(today, manager, page, event, wanted, log_of, create_reg):
    create_reg()
    assert 'Under way' not in manager.get(f'{page}/setup', xhr=False).text
    manager.post(f'{page}/prepared/now').close()
    assert wanted.called
    assert 'made before check-in' in log_of(event)
    assert 'Under way' in manager.get(f'{page}/setup', xhr=False).text
    assert not prepare('test', seconds=60)
    text = manager.get(f'{page}/live?setup=1').text
    assert 'Ready: 1 badges of 1 registrations' in text
    assert 'Under way' not in text


def test_what_is_not_ready(made, manager, page):
    text = manager.get(f'{page}/setup', xhr=False).text
    assert 'Ready: 1 badges of 2 registrations' in text
    assert 'Not ready: 1. The badge would show no name' in text


def test_a_manager_reads_about_those_whom_indico_shows(made, manager, page, dummy_regform):
    def _only_the_nameless(form, user, **kwargs):
        return Registration.first_name == ''

    with signals.event.filter_registration_list.connected_to(_only_the_nameless, sender=dummy_regform):
        text = manager.get(f'{page}/setup', xhr=False).text
    assert 'Ready: 0 badges of 1 registrations' in text


def test_no_room(today, manager, page, create_reg, configure):
    create_reg()
    configure(PREPARED_MB_PER_EVENT=0)
    assert 'There is no room for more.' in manager.get(f'{page}/setup', xhr=False).text


def test_when(today, manager, page, event):
    assert not manager.save(f'{page}/prepared', prepare='idle')
    assert EventSetup.query.one().prepare == PrepareWhen.idle
    moment = (now_utc() + timedelta(hours=3)).astimezone(event.tzinfo)
    chosen = [moment.strftime('%d/%m/%Y'), moment.strftime('%H:%M')]
    assert not manager.save(f'{page}/prepared', prepare='time', prepare_dt=chosen)
    setup = EventSetup.query.one()
    assert (setup.prepare, setup.prepare_dt) == (PrepareWhen.time, moment.replace(second=0, microsecond=0))
    assert moment.strftime('%Y-%m-%d %H:%M') in manager.get(f'{page}/setup', xhr=False).text


def test_when_it_is_over(today, manager, page):
    moment = now_utc() + timedelta(days=3)
    errors = manager.save(f'{page}/prepared', prepare='time',
                          prepare_dt=[moment.strftime('%d/%m/%Y'), moment.strftime('%H:%M')])
    assert 'The event is over then.' in str(errors)


def test_delete(made, manager, page, event, log_of):
    manager.post(f'{page}/prepared/delete')
    assert not Prepared.query.has_rows()
    assert 'deleted' in log_of(event)
