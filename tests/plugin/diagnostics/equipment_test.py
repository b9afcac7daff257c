"""Agents that go away and printers that stop, as webhooks hear of it: who does, when, how often, and of what."""

from datetime import timedelta

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print import ledger
from indico_checkin_print.diagnostics import equipment
from indico_checkin_print.models.choices import EQUIPMENT_EVENTS, WebhookEvent
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.equipment import Equipment
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.jobs import JobState as S
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.work.worker import post_waiting, render_waiting
from tests.plugin.conftest import fresh
from tests.plugin.news_fixtures import content, messages, types


IDLE = {'name': 'p1', 'state': 'idle', 'reasons': [], 'accepting': True}
OUT_OF_LABELS = {**IDLE, 'state': 'stopped', 'reasons': ['media-empty-error']}
LONG = {'seconds': 11}


@pytest.fixture
def watched(desk, wants):
    """The desk with its printer, both of which work, and a webhook that asks for all news."""
    wants(*WebhookEvent)
    equipment.check()
    return desk


@pytest.fixture
def later(db):
    """Return a function that lets time pass for the notes, and checks."""
    def _later(**kwargs):
        for row in Equipment.query:
            for column in ('since_dt', 'announced_dt'):
                if value := getattr(row, column):
                    setattr(row, column, value - timedelta(**kwargs))
        db.session.flush()
        equipment.check()
    return _later


@pytest.fixture
def lasts(later):
    """Return a function that checks until what is now has lasted long enough."""
    def _lasts():
        equipment.check()
        later(**LONG)
    return _lasts


def go_away(agent):
    agent.draining = True


def come_back(agent):
    agent.draining, agent.seen_dt = False, now_utc()


# -- what is announced, and when --------------------------------------------------------------------------------------

def test_an_agent_goes_away_and_comes_back(webhook, agent, watched, later):
    go_away(agent)
    equipment.check()
    later(seconds=9)
    assert types(webhook) == []
    for __ in range(3):
        later(seconds=2)
    come_back(agent)
    equipment.check()
    assert types(webhook) == ['agent.away']
    later(**LONG)
    later(**LONG)
    away, back = map(content, messages(webhook))
    assert (away['type'], back['type']) == ('agent.away', 'agent.back')
    about = {'agent': {'id': agent.id, 'name': 'Laptop 1'}, 'desks': ['Desk 1']}
    for payload, reason, message in ((away, 'agent_away', 'the print agent is not connected'), (back, '', '')):
        data = payload['data']
        assert data.pop('event').keys() == {'id', 'title', 'url'}
        assert data.pop('since') <= payload['timestamp']
        assert data == {**about, 'reason': reason, 'message': message}


@pytest.mark.parametrize('change', [
    {'seen_dt': now_utc() - timedelta(hours=1)}, {'revoked_dt': now_utc()}, {'draining': True}])
def test_ways_to_be_away(db, webhook, agent, watched, lasts, change):
    agent.populate_from_dict(change)
    db.session.flush()
    lasts()
    job, = messages(webhook)
    assert content(job)['data']['reason'] == ('agent_revoked' if 'revoked_dt' in change else 'agent_away')


@pytest.mark.parametrize(('printer', 'reason', 'message'), [
    (OUT_OF_LABELS, 'media-empty', 'out of paper'),
    ({**IDLE, 'state': 'processing', 'reasons': ['media-empty']}, 'media-empty', 'out of paper'),
    ({**IDLE, 'accepting': False}, 'printer_rejecting', 'does not accept jobs'),
    ({**IDLE, 'name': 'another'}, 'not_found', 'not found at the computer')])
def test_a_printer_stops_and_recovers(webhook, agent, watched, lasts, printer, reason, message):
    agent.printers = [printer]
    lasts()
    agent.printers = [IDLE]
    lasts()
    stopped, ready = map(content, messages(webhook))
    assert (stopped['type'], ready['type']) == ('printer.stopped', 'printer.ready')
    assert (stopped['data']['printer'], ready['data']['printer']) == ('p1', 'p1')
    assert (stopped['data']['reason'], stopped['data']['message']) == (reason, message)
    assert (ready['data']['reason'], ready['data']['message']) == ('', '')
    assert ready['data'].keys() == {'event', 'agent', 'printer', 'desks', 'since', 'reason', 'message'}


def test_little_paper_left_is_no_news(webhook, agent, watched, lasts):
    agent.printers = [{**IDLE, 'reasons': ['media-low-warning']}]
    lasts()
    assert types(webhook) == []


def test_what_is_over_soon_is_no_news(webhook, agent, watched, later):
    for __ in range(5):
        agent.printers = [OUT_OF_LABELS]
        equipment.check()
        later(seconds=8)
        agent.printers = [IDLE]
        later(seconds=8)
    assert types(webhook) == []
    assert Equipment.query.filter(Equipment.since_dt.isnot(None)).count() == 0


def test_at_most_one_pair_a_minute(webhook, agent, watched, later):
    """A link that comes and goes every quarter of a minute for ten minutes."""
    for n in range(40):
        (come_back if n % 2 else go_away)(agent)
        equipment.check()
        later(seconds=15)
    found = types(webhook)
    assert found == ['agent.away', 'agent.back'] * (len(found) // 2)
    assert 6 <= len(found) <= 20


def test_nobody_knows_how_a_printer_is_while_its_agent_is_away(webhook, agent, watched, later, lasts):
    agent.printers = [OUT_OF_LABELS]
    equipment.check()
    go_away(agent)
    lasts()
    assert types(webhook) == ['agent.away']
    come_back(agent)
    equipment.check()
    # it has not been seen for long enough since
    assert types(webhook) == ['agent.away']
    later(**LONG)
    assert sorted(types(webhook)[1:]) == ['agent.back', 'printer.stopped']


def test_what_was_so_at_first_is_no_news(webhook, agent, desk, wants, lasts):
    agent.printers = [OUT_OF_LABELS]
    wants('printer.stopped', 'printer.ready')
    lasts()
    assert types(webhook) == []
    agent.printers = [IDLE]
    lasts()
    assert types(webhook) == ['printer.ready']


def test_an_agent_that_was_never_started(db, webhook, agent, desk, wants, lasts):
    agent.seen_dt = None
    wants(*WebhookEvent)
    lasts()
    come_back(agent)
    lasts()
    assert types(webhook) == []


# -- who is notified --------------------------------------------------------------------------------------------------

def test_only_who_asks(db, webhook, agent, desk, lasts, statements):
    """By default nobody does, and then nothing is kept and hardly anything asked."""
    del statements[:]
    equipment.check()
    assert len([x for x in statements if x.startswith('SELECT')]) == 1
    go_away(agent)
    lasts()
    assert (types(webhook), Equipment.query.count()) == ([], 0)


@pytest.mark.parametrize('event', EQUIPMENT_EVENTS)
def test_only_what_is_asked_for(webhook, agent, desk, wants, later, lasts, event):
    wants(event)
    equipment.check()
    agent.printers = [OUT_OF_LABELS]
    lasts()
    go_away(agent)
    lasts()
    come_back(agent)
    agent.printers = [IDLE]
    lasts()
    lasts()
    assert types(webhook) == [str(event)]


@pytest.mark.parametrize('change', [{'enabled': False}, {'is_deleted': True}])
def test_who_hears_nothing(db, webhook, agent, watched, lasts, change):
    webhook.populate_from_dict(change)
    db.session.flush()
    go_away(agent)
    lasts()
    assert types(webhook) == []


def test_each_of_an_event_and_nobody_else(db, webhook, agent, watched, lasts, create_event, dummy_event):
    """Forms choose people, and this is not about any."""
    webhook.form_ids = [2**30]
    second = Webhook(event_id=dummy_event.id, name='Second', url='https://198.51.100.8/', secrets=[],
                     events=['agent.away'])
    other = Webhook(event_id=create_event(77).id, name='Other', url='https://198.51.100.9/', secrets=[],
                    events=['agent.away'])
    db.session.add_all([second, other])
    db.session.flush()
    go_away(agent)
    lasts()
    assert list(map(types, (webhook, second, other))) == [['agent.away'], ['agent.away'], []]


def test_only_what_desks_use(db, webhook, agent, watched, lasts):
    agent.printers = [IDLE, {**OUT_OF_LABELS, 'name': 'of no desk'}]
    lasts()
    assert types(webhook) == []
    agent.printers = [OUT_OF_LABELS]
    watched.is_deleted = True
    db.session.flush()
    lasts()
    assert types(webhook) == []


def test_two_desks_with_one_printer(db, webhook, agent, watched, lasts, dummy_event):
    db.session.add(Desk(event_id=dummy_event.id, name='Desk 2',
                        printers=[DeskPrinter(position=0, agent=agent, printer='p1')]))
    db.session.flush()
    agent.printers = [OUT_OF_LABELS]
    lasts()
    job, = messages(webhook)
    assert content(job)['data']['desks'] == ['Desk 1', 'Desk 2']


# -- delivery ---------------------------------------------------------------------------------------------------------

def test_delivered_in_order(db, webhook, agent, watched, lasts, receiver, check_in, reg):
    """A message that fails keeps later ones about the same agent from overtaking it, and nobody else's."""
    receiver.say(500)
    go_away(agent)
    lasts()
    assert post_waiting('test')[0] == 1
    come_back(agent)
    lasts()
    assert post_waiting('test')[0] == 0
    check_in(reg)
    assert post_waiting('test')[0] == 1
    db.session.execute(db.update(Job.__table__).where(Job.state == S.ready).values(next_try_dt=Job.queue_dt))
    assert post_waiting('test')[0] == 2
    got = receiver.received()
    assert [(line['type'], line['answer']) for line in got] == [
        ('agent.away', '500'), ('registration.checked_in', '204'), ('agent.away', '204'), ('agent.back', '204')]
    assert got[0]['id'] == got[2]['id']
    assert {line['agent'] for line in got if line['type'] != 'registration.checked_in'} == {'Laptop 1'}


def test_resent(db, webhook, agent, watched, lasts, receiver, dummy_user):
    agent.printers = [OUT_OF_LABELS]
    lasts()
    assert post_waiting('test')[0] == 1
    job, = messages(webhook)
    repeated = ledger.resend(job, dummy_user)
    render_waiting('test')
    assert post_waiting('test')[0] == 1
    first, second = receiver.received()
    for key in ('id', 'type', 'printer', 'reason'):
        assert first[key] == second[key]
    assert (first['printer'], first['reason']) == ('p1', 'media-empty')
    assert fresh(db, repeated).state == S.sent


def test_what_is_undone_is_not_announced(db, webhook, agent, watched, lasts):
    """The note and the message are one transaction: after a crash both are there, or the next check makes both."""
    agent.printers = [OUT_OF_LABELS]
    equipment.check()
    savepoint = db.session.begin_nested()
    for row in Equipment.query.filter(Equipment.since_dt.isnot(None)):
        row.since_dt -= timedelta(**LONG)
        db.session.flush()
        equipment._judge(row.id, equipment.State(watched.event_id, agent.id, 'Laptop 1', 'p1', ('Desk 1',),
                                                 'media-empty'), now_utc())
    assert types(webhook) == ['printer.stopped']
    savepoint.rollback()
    db.session.expire_all()
    assert types(webhook) == []
    assert Equipment.query.filter_by(printer='p1').one().works
    lasts()
    assert types(webhook) == ['printer.stopped']
