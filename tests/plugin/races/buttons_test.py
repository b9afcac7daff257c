"""What only happens when two do something at the same moment, on two real connections to PostgreSQL."""

import threading
from contextlib import suppress
from functools import partial
from itertools import chain
from types import SimpleNamespace

import pytest
from tests.plugin.races import PATIENCE, Races, rows_of_all_tables, take_away_all_but
from sqlalchemy import func

from print_agent.protocol import messages as protocol

from indico.core import signals
from indico.core.db import db as db_
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.management.controllers import RHManageEventBase
from indico.modules.events.models.events import Event
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.util.date_time import now_utc
from indico.web.rh import RH

from indico_checkin_print import heartbeat, ledger
from indico_checkin_print.api.base import RHAgentBase
from indico_checkin_print.badge.render import BadgePDF
from indico_checkin_print.credentials import seal
from indico_checkin_print.management.base import RHCheckinPrintBase
from indico_checkin_print.management.when import lock_setup
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import JobHistory
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.agents.outbound import outgoing
from indico_checkin_print.agents.inbound import Replaced


pytestmark = pytest.mark.usefixtures('no_kick')

S = JobState
CROWD = 12
BADGE = BadgePDF(kind=BadgeKind.badge, content=b'%PDF-1.7 badge', pages=1, width_mm=96, height_mm=134)


@pytest.fixture(autouse=True)
def races(app, db):
    """Whatever the test commits is gone afterwards, to the last row."""
    before = rows_of_all_tables()
    races = Races(app)
    yield races
    races.close()
    session = db.session()
    session.rollback()
    take_away_all_but(before)
    session.commit()
    assert rows_of_all_tables() == before


@pytest.fixture
def people(create_reg):
    """A crowd, in the order of the alphabet."""
    return [create_reg(chr(ord('A') + n)) for n in range(CROWD)]


@pytest.fixture
def queued(races, check_in, people):
    """The ids of badges that wait to be rendered."""
    ids = [check_in(registration)[0].id for registration in people]
    races.commit()
    return ids


@pytest.fixture
def ready(races, queued):
    """The ids of badges that wait for a printer."""
    while (job := ledger.claim_render('test')) is not None:
        ledger.rendered(job, BADGE, 'test')
    races.commit()
    return queued


def jobs_by_state(db):
    db.session.expire_all()
    return {job.id: job.state for job in Job.query}


def told(job_id):
    """Return the states that a job has been in, in order."""
    return [line.state for line in JobHistory.query.filter_by(job_id=job_id).order_by(JobHistory.id)]


# -- who takes the next job -------------------------------------------------------------------------------------------

def claim_render(name):
    job = ledger.claim_render(name)
    return job.id if job else None


def test_workers_share_what_is_to_be_rendered(db, races, queued):
    def _work(name):
        def _all():
            mine = []
            while (job_id := claim_render(name)) is not None:
                db.session().commit()
                mine.append(job_id)
            return mine
        return _all

    shares = races.at_once(*(_work(f'worker {n}') for n in range(4)))
    assert sorted(chain.from_iterable(shares)) == queued
    assert all(told(id_) == [S.queued, S.rendering] for id_ in queued)


def test_a_worker_does_not_wait_for_another(races, queued):
    # the first one has not committed its claim yet
    assert claim_render('slow') == queued[0]
    assert races.meanwhile(lambda: claim_render('quick')) == queued[1]
    races.commit()
    assert claim_render('third') == queued[2]


def test_two_post_to_different_webhooks(db, races, event, check_in, form, reg):
    webhooks = [Webhook(event=event, name=f'Hook {n}', url='https://198.51.100.7/hook', secrets=[seal('whsec_QUFB')],
                        send_badge=False, fields=[]) for n in range(2)]
    db.session.add_all(webhooks)
    check_in(reg)
    for webhook in webhooks:
        for __ in range(2):
            ledger.request_event_test(webhook, reg.event.creator)
    races.commit()
    posts = {id_ for id_, in db.session.query(Job.id).filter(Job.webhook_id.isnot(None))}

    def _claim():
        job = ledger.claim_post('test')
        return job and (job.id, job.webhook_id)

    delivered = []
    for __ in range(len(posts)):
        claimed = [x for x in races.at_once(_claim, _claim, _claim, _claim) if x is not None]
        # never two at once to the same receiver
        assert len({webhook_id for _, webhook_id in claimed}) == len(claimed)
        for id_, _ in claimed:
            assert ledger.delivered(Job.get(id_), '', 'test')
        races.commit()
        delivered += [id_ for id_, _ in claimed]
    assert sorted(delivered) == sorted(posts)


def test_two_workers_ask_for_the_turn_at_once(races):
    got = races.at_once(*[lambda n=n: heartbeat.take_turn(f'worker {n}') for n in range(4)])
    assert sorted(got) == [False, False, False, True]


@pytest.fixture
def two_agents(db, event, desk, agent):
    """Two agents with a printer each at the same desk, heard of by two relays."""
    second = Agent(event=event, name='Laptop 2', token_hash='of the second', paired_dt=now_utc(), seen_dt=now_utc(),
                   link='link 2', spool='spool 2',
                   printers=[{'name': 'p2', 'state': 'idle', 'reasons': [], 'accepting': True}])
    desk.printers.append(DeskPrinter(position=1, agent=second, printer='p2'))
    db.session.flush()
    return [(agent.id, agent.link), (second.id, second.link)]


def mail(agent_id, link, holding=None):
    return lambda: [(m.job, m.dispatch, m.go) for m in outgoing(agent_id, link, holding or {})
                    if isinstance(m, protocol.Job)]


def test_two_relays_give_no_badge_twice(db, races, two_agents, ready):
    holding = {agent: {} for agent in two_agents}
    # each leaves some to the other
    for __ in range(20):
        answers = races.at_once(*(mail(*agent, holding[agent]) for agent in two_agents))
        for agent, messages in zip(two_agents, answers, strict=True):
            holding[agent] |= {uuid: (dispatch, 'go' if go else 'waiting') for uuid, dispatch, go in messages}
    given = [uuid for held in holding.values() for uuid in held]
    assert len(given) == len(set(given)) == 8
    assert {job.dispatch for job in Job.query.filter(Job.agent_id.isnot(None))} == {1}
    # and each printer has permission for one
    assert sorted(job.agent_id for job in Job.query.filter_by(state=S.dispatched)) == [id_ for id_, _ in two_agents]


def test_two_links_of_one_agent(races, agent, ready):
    """Both relays believe that it is theirs; the ledger knows which link it speaks through."""
    def _old():
        with suppress(Replaced):
            return mail(agent_id, 'the link before')()

    agent_id, link = agent.id, agent.link
    old, new = races.at_once(_old, mail(agent_id, link))
    assert old is None
    assert len(new) == 4


# -- check-ins --------------------------------------------------------------------------------------------------------

@pytest.fixture
def scan(app, db, dummy_user):
    """Return a function that returns a scan: it finds somebody who is not checked in, and checks them in."""
    def _scan(registration):
        id_, form_id, event_id = registration.id, registration.registration_form_id, registration.event_id

        def _checks_in(value=True, before=lambda: None):
            with app.test_request_context(f'/api/checkin/event/{event_id}/forms/{form_id}/registrations/{id_}',
                                          method='PATCH'):
                mine = Registration.get(id_)
                assert mine.checked_in != value
                before()
                mine.checked_in = value
                signals.event.registration_checkin_updated.send(mine)
                db.session().flush()
        return _checks_in
    return _scan


def test_two_volunteers_scan_one_person(db, races, people, form, scan):
    races.commit()
    for registration in people:
        both_found = threading.Barrier(2)
        races.at_once(*[partial(scan(registration), before=both_found.wait)] * 2)
    db.session.expire_all()
    assert Job.query.count() == len(people)
    for registration in people:
        job = Job.query.filter_by(registration_id=registration.id).one()
        # a job with another time would look like one of a check-in that was undone
        assert (job.state, job.checked_in_dt) == (S.queued, registration.checked_in_dt)


def test_the_second_volunteer_waits_for_the_first(db, races, reg, form, scan):
    races.commit()
    scan_it, found = scan(reg), threading.Event()

    def _second():
        scan_it(before=lambda: (found.set(), first_is_done.wait(30)))

    first_is_done = threading.Event()
    second = races.start(_second)
    assert found.wait(30)
    scan_it()
    first_is_done.set()
    races.while_holding(lambda: None, lambda: second.result(30))
    db.session.expire_all()
    job = Job.query.one()
    assert (job.state, job.checked_in_dt) == (S.queued, reg.checked_in_dt)
    assert told(job.id) == [S.queued]


@pytest.mark.parametrize('what', ['undone', 'paid', 'deleted'])
def test_a_registration_changes_while_a_manager_prints_its_badge(app, db, races, people, held, what):
    """Both take the registration before its badges; the other way round one of the two requests would fail."""
    registration = people[0]
    Job.query.filter_by(id=held).update({'reason': Reason.unpaid})
    registration.checked_in, registration.state = True, RegistrationState.complete
    races.commit()

    def _request():
        with app.test_request_context():
            if what == 'undone':
                registration.checked_in = False
                signals.event.registration_checkin_updated.send(registration)
            elif what == 'paid':
                registration.price_adjustment = 5
                signals.event.registration_state_updated.send(registration, previous_state=RegistrationState.unpaid)
            else:
                registration.is_deleted = True
                signals.event.registration_deleted.send(registration, permanent=False)

    def _manager():
        Registration.query.filter_by(id=registration_id).with_for_update(key_share=True).one()
        return ledger.release([Job.get(held)], 'user:1')

    registration_id = registration.id
    races.while_holding(_request, _manager)
    db.session.expire_all()
    changed = {'undone': (registration.checked_in, False), 'paid': (registration.price_adjustment, 5),
               'deleted': (registration.is_deleted, True)}
    assert changed[what][0] == changed[what][1]


# -- people and machines ----------------------------------------------------------------------------------------------

@pytest.fixture
def held(db, races, queued):
    """The id of a badge that waits for a click."""
    ledger.hold_bulk(queued[:1], 'test')
    races.commit()
    return queued[0]


def release(job_id, reason=Reason.released):
    # as the pages do: read, look at it, release
    job = Job.query.filter_by(id=job_id, state=S.held).first()
    return ledger.release([job], 'user:1', reason) if job is not None else []


def test_undone_while_it_is_released(db, races, people, held):
    registration_id = people[0].id
    released, canceled = races.while_holding(
        lambda: release(held),
        lambda: ledger.cancel_check_in(Registration.get(registration_id), 'user:2'))
    assert (released, canceled) == ([held], [held])
    assert told(held)[-2:] == [S.queued, S.canceled]
    assert jobs_by_state(db)[held] == S.canceled


@pytest.mark.parametrize('what', ['undone', 'discarded'])
def test_released_while_it_ends(db, races, people, held, dummy_user, what):
    """Whoever presses Release saw a badge that waits, not one that somebody ends at the same moment."""
    def _end():
        if what == 'undone':
            return ledger.cancel_check_in(people[0], 'user:2')
        return ledger.discard([Job.get(held)], dummy_user)

    ended, released = races.while_holding(_end, lambda: release(held))
    assert (ended, released) == ([held], [])
    assert told(held)[-2:] == [S.held, S.canceled]
    # who wants it after all says so
    assert ledger.retry(Job.query.populate_existing().get(held), dummy_user) == [held]


def test_two_release_the_same(db, races, held):
    first, second = races.while_holding(lambda: release(held), lambda: release(held))
    assert (first, second) == ([held], [])
    assert told(held)[-2:] == [S.held, S.queued]


def pause(event_id, *, paused):
    """What the button does."""
    setup = lock_setup(Event.get(event_id))
    setup.paused = paused
    db_.session.flush()
    return ledger.hold_paused(event_id, 'user:1') if paused else ledger.release_paused(event_id, 'user:1')


@pytest.mark.parametrize('last', [True, False])
def test_paused_and_let_go_on_at_the_same_moment(db, races, event, queued, last):
    """Whoever comes last is right about every badge."""
    event_id = event.id
    pause(event_id, paused=not last)
    if last:
        # there is something to let go on
        pause(event_id, paused=True)
    races.commit()
    __, second = races.while_holding(lambda: pause(event_id, paused=not last),
                                     lambda: pause(event_id, paused=last))
    assert sorted(second) == queued
    assert set(jobs_by_state(db).values()) == {S.held if last else S.queued}


def test_both_buttons_many_times(db, races, event, queued):
    event_id = event.id
    pause(event_id, paused=False)
    races.commit()
    for __ in range(5):
        races.at_once(lambda: pause(event_id, paused=True), lambda: pause(event_id, paused=False))
        paused = db.session.execute(db.text('SELECT paused FROM plugin_checkin_print.events')).scalar()
        assert set(jobs_by_state(db).values()) == {S.held if paused else S.queued}
        races.commit()


def test_paused_while_it_is_rendered(db, races, event, queued):
    event_id = event.id
    races.commit()
    claimed, waiting = races.while_holding(lambda: claim_render('worker'), lambda: pause(event_id, paused=True))
    assert claimed in waiting
    # the worker is ready only now, and nobody wants its badge
    job = Job.query.populate_existing().get(claimed)
    assert not ledger.rendered(job, BADGE, 'worker')
    assert jobs_by_state(db)[claimed] == S.held
    assert told(claimed)[-2:] == [S.rendering, S.held]


# -- what is on a badge changes ---------------------------------------------------------------------------------------

def test_corrected_before_a_worker_takes_it(db, races, people, queued):
    """The request that corrects a name goes on for a while after it wrote it; until then a worker reads the old one."""
    people[0].first_name = 'Corrected'
    db.session.flush()
    # the others do not wait for it
    assert races.meanwhile(lambda: claim_render('early')) == queued[1]
    races.commit()
    assert claim_render('late') == queued[0]


def test_drawn_from_a_template_while_that_is_edited(db, races, agent, desk, form, reg):
    """The badge is born after the edit was written, and drawn before that is committed: no lock could reach it."""
    agent_id, link, desk_id = agent.id, agent.link, desk.id
    template_id, registration_id = form.template_id, reg.id
    races.commit()
    template = DesignerTemplate.get(template_id)
    template.data = {**template.data, 'width': template.data['width'] + 50}
    db.session.flush()

    def _born():
        registration = Registration.get(registration_id)
        job_id, = ledger.record([ledger.new_row('badge', desk_id=desk_id)],
                                event_id=registration.event_id, registration_id=registration.id, actor='test')
        claimed = claim_render('worker')
        assert claimed == job_id
        job = Job.get(job_id)
        ledger.rendered(job, BADGE, 'worker')
        return job_id

    job_id = races.meanwhile(_born)
    races.commit()
    assert mail(agent_id, link)() == []
    assert told(job_id)[-2:] == [S.ready, S.queued]


def test_a_deadlock_loses_no_correction(db, races, event, ready):
    """The ledger takes its locks in order; others may not, e.g. a request that corrects one person after the other."""
    db.session.execute(db.text("SET LOCAL deadlock_timeout = '1min'"))
    event_id = event.id

    def _lock(job_id):
        db_.session.execute(db_.select(Job.id).where(Job.id == job_id).with_for_update())

    def _correct():
        Event.get(event_id).title = 'Corrected'
        db_.session.flush()

    _lock(ready[-1])
    correction = races.start(_correct)
    races.until_waits(correction)
    # the other one gives way, because its patience is shorter
    _lock(ready[0])
    races.commit()
    correction.result(PATIENCE)
    assert set(jobs_by_state(db).values()) == {S.queued}


@pytest.mark.parametrize('base', [RHCheckinPrintBase, RHAgentBase])
def test_a_deadlock_is_no_fault_of_a_request(app, db, races, ready, mocker, base):
    """A button, or an agent, that is the victim of one does its work all the same, and only once."""
    db.session.execute(db.text("SET LOCAL deadlock_timeout = '1min'"))
    tries = []

    def _lock(job_id):
        db_.session.execute(db_.select(Job.id).where(Job.id == job_id).with_for_update())

    def _work(rh):
        tries.append(rh)
        ledger.discard([Job.get(ready[0])], Job.get(ready[0]).event.creator)
        _lock(ready[-1])

    # the fixture has taken it away
    mocker.patch.object(db_.session, 'rollback', side_effect=lambda: db_.session().rollback())
    mocker.patch.object(RHManageEventBase if base is RHCheckinPrintBase else RH, '_do_process', _work)
    _lock(ready[-1])
    request = races.start(lambda: base._do_process(SimpleNamespace()))
    races.until_waits(request)
    # this one's patience is longer
    _lock(ready[0])
    races.commit()
    request.result(PATIENCE)
    assert len(tries) == 2
    assert told(ready[0]).count(S.canceled) == 1


@pytest.mark.parametrize('what', ['name', 'state'])
def test_changed_while_it_gets_its_permission(app, db, races, agent, people, ready, what):
    """The change is written and not yet committed when the relay asks: no go for the old badge."""
    agent_id, link, registration_id = agent.id, agent.link, people[1].id
    first = mail(agent_id, link)()
    holding = {uuid: (dispatch, 'go' if go else 'waiting') for uuid, dispatch, go in first}
    ledger.report(Job.get(ready[0]), S.printing, Reason.at_printer, '', 'test')
    races.commit()
    uuid = Job.get(ready[1]).uuid

    def _change():
        registration = Registration.get(registration_id)
        if what == 'name':
            registration.first_name = 'Corrected'
            db.session.flush()
        else:
            registration.state = RegistrationState.withdrawn
            with app.test_request_context():
                signals.event.registration_state_updated.send(registration, previous_state=RegistrationState.complete)

    def _say():
        return [m for m in outgoing(agent_id, link, holding) if m.job == uuid]

    __, said = races.while_holding(_change, _say)
    assert said == []
    assert jobs_by_state(db)[ready[1]] == (S.queued if what == 'name' else S.canceled)
    assert [type(m).__name__ for m in _say()] == ['Cancel']


# -- permission to print ----------------------------------------------------------------------------------------------

def test_undone_while_it_gets_its_permission(db, races, agent, people, ready):
    agent_id, link, registration_id = agent.id, agent.link, people[0].id
    messages, canceled = races.while_holding(
        mail(agent_id, link), lambda: ledger.cancel_check_in(Registration.get(registration_id), 'user:1'))
    assert messages[0][2]
    assert canceled == []
    assert jobs_by_state(db)[ready[0]] == S.dispatched


def test_permission_while_it_is_undone(db, races, people, agent, ready):
    """The relay has read that the badge waits at the agent, and says go when somebody has undone the check-in."""
    agent_id, link = agent.id, agent.link
    first = mail(agent_id, link)()
    holding = {uuid: (dispatch, 'go' if go else 'waiting') for uuid, dispatch, go in first}
    ledger.report(Job.get(ready[0]), S.printing, Reason.at_printer, '', 'test')
    races.commit()
    uuid = Job.get(ready[1]).uuid

    def _say():
        return [type(m).__name__ for m in outgoing(agent_id, link, holding) if m.job == uuid]

    canceled, said = races.while_holding(lambda: ledger.cancel_check_in(people[1], 'user:1'), _say)
    assert canceled == [ready[1]]
    assert said == []
    assert jobs_by_state(db)[ready[1]] == S.canceled
    # the next time the agent is told to drop it
    assert _say() == ['Cancel']


def test_nothing_is_left(db):
    """This file cleans up: no other test sees what it committed."""
    assert db.session.query(func.count(Job.id)).scalar() == 0
    assert not Desk.query.has_rows()
