"""What makes badges wait, and what a manager does about those that do."""

from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print import kick, management
from indico_checkin_print.models.choices import CheckinSource, ReprintPolicy, UnpaidPolicy
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import JobHistory
from indico_checkin_print.models.rules import EventSetup


pytestmark = pytest.mark.usefixtures('no_kick')

RULES = {'unpaid': 'print', 'reprint': 'skip', 'nameless': 'print', 'missing_glyphs': 'print', 'language': 'registrant',
         'smallest_text': '8', 'qr_level': 'high', 'bulk_limit': '5',
         'sources': ['app', 'other']}


@pytest.fixture
def hold(create_reg, create_job):
    """Return a function that makes a held badge."""
    numbers = count()

    def _hold(reason='bulk', last_name='Lovelace', **kwargs):
        kwargs.setdefault('expires_dt', now_utc() + timedelta(minutes=5))
        return create_job(create_reg(f'Ada{next(numbers)}', last_name), JobState.held, reason=reason, **kwargs)
    return _hold


def live(manager, page):
    return manager.get(f'{page}/live').get_data(as_text=True)


def states(db, *jobs):
    db.session.expire_all()
    return [job.state.name for job in jobs]


# -- when to print ----------------------------------------------------------------------------------------------------

def test_default_rules(manager, page):
    html = manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    assert 'If more people than 20 are checked in at once' in html
    assert 'Several people at once' in html
    assert not EventSetup.query.has_rows()
    assert 'value="20"' in manager.get(f'{page}/when').json['html']


def test_change_rules(db, manager, page, event, log_of):
    assert not manager.save(f'{page}/when', **RULES)
    setup = EventSetup.query.one()
    assert (setup.event_id, setup.unpaid, setup.reprint, setup.bulk_limit, setup.sources, setup.paused) == (
        event.id, UnpaidPolicy.print, ReprintPolicy.skip, 5, ['app', 'other'], False)
    assert 'Rules for printing changed' in log_of(event)
    html = live(manager, page)
    assert 'Attendees who have not paid get a badge anyway.' in html
    assert 'If more people than 5 are' in html
    assert 'shrinks down to 8 points' in html
    assert not manager.save(f'{page}/when', **RULES | {'bulk_limit': '0'})
    assert 'Every badge waits' in live(manager, page)
    assert 'gets the badge when the ticket is scanned' not in live(manager, page)
    assert not manager.save(f'{page}/when', **RULES | {'badge_desk': 'y'})
    assert setup.badge_desk
    assert 'gets the badge when the ticket is scanned' in live(manager, page)
    assert 'Volunteers may change nothing on a single badge.' in live(manager, page)
    assert not manager.save(f'{page}/when', **RULES | {'edits': ['text', 'copies']})
    assert setup.edits == ['text', 'copies']
    assert 'Texts, such as name and affiliation; Copies' in live(manager, page)
    # a pause is no rule
    db.session.refresh(setup)
    setup.paused = True
    db.session.flush()
    assert not manager.save(f'{page}/when', **RULES)
    assert setup.paused


@pytest.mark.parametrize(('data', 'field'), [
    ({'bulk_limit': '-1'}, 'bulk_limit'),
    ({'bulk_limit': '1001'}, 'bulk_limit'),
    ({'bulk_limit': ''}, 'bulk_limit'),
    ({'smallest_text': '3'}, 'smallest_text'),
    ({'smallest_text': '21'}, 'smallest_text'),
    ({'unpaid': 'nonsense'}, 'unpaid'),
    ({'sources': ['nonsense']}, 'sources'),
    ({'sources': None}, 'sources'),
    ({'edits': ['nonsense']}, 'edits'),
])
def test_wrong_rules(manager, page, data, field):
    assert list(manager.save(f'{page}/when', **RULES | data)) == [field]
    assert not EventSetup.query.has_rows()


def test_the_badge_desk_is_released_by_a_click(db, manager, page, hold):
    badge, other = hold('badge_desk', desk=None), hold('bulk')
    assert 'prints when the ticket is scanned at the badge desk' in live(manager, page)
    assert not manager.save(f'{page}/held/release?reason=badge_desk', order='name')
    assert states(db, badge, other) == ['queued', 'held']


def test_every_way_that_can_print_is_offered(manager, page):
    html = manager.get(f'{page}/when').json['html']
    offered = {source for source in CheckinSource if f'value="{source}"' in html}
    assert offered == set(CheckinSource) - {CheckinSource.scan_only}


# -- pause ------------------------------------------------------------------------------------------------------------

def test_pause_event(db, manager, page, event, objects, hold, log_of):
    south = Desk(event=event, name='South', paused=True)
    waits, stays, other = hold('paused'), hold('paused', desk=south), hold('bulk')
    manager.post(f'{page}/pause', xhr=False, paused='1')
    assert EventSetup.query.one().paused
    html = live(manager, page)
    assert 'Printing is paused.' in html
    assert '/held/release?reason=paused' not in html
    assert states(db, waits, stays, other) == ['held'] * 3
    # one desk alone does not resume
    manager.post(f'{page}/desks/{objects.desk.id}/pause', xhr=False, paused='1')
    manager.post(f'{page}/desks/{objects.desk.id}/pause', xhr=False, paused='0')
    assert states(db, waits, stays, other) == ['held'] * 3
    manager.post(f'{page}/pause', xhr=False, paused='0')
    assert states(db, waits, stays, other) == ['queued', 'held', 'held']
    kick.after_commit.assert_called_once()
    assert 'Printing is paused at:' in live(manager, page)
    assert 'Printing paused' in log_of(event)
    assert 'Printing resumed' in log_of(event)


def test_pause_desk(db, manager, page, event, objects, hold, log_of):
    url = f'{page}/desks/{objects.desk.id}/pause'
    south = Desk(event=event, name='South')
    here, there = hold('paused'), hold('paused', desk=south)
    for __ in range(2):
        manager.post(url, xhr=False, paused='1')
        db.session.expire_all()
        assert objects.desk.paused
    assert log_of(event).count('paused') == 1
    manager.post(url, xhr=False, paused='0')
    assert states(db, here, there) == ['queued', 'held']
    assert not objects.desk.paused
    assert JobHistory.query.filter_by(job_id=here.id).one().actor.startswith('user:')


def test_left_behind_by_a_pause(db, manager, page, objects, hold):
    job = hold('paused')
    assert 'reason=paused' in live(manager, page)
    assert not manager.save(f'{page}/held/release?reason=paused', order='checkin')
    assert states(db, job) == ['queued']


# -- held -------------------------------------------------------------------------------------------------------------

def test_release_all_during_a_pause(db, manager, page, event, hold):
    south = Desk(event=event, name='South', paused=True)
    here, there = hold('unpaid'), hold('unpaid', desk=south)
    assert 'Badges that wait: 2 – not paid.' in manager.get(f'{page}/held/release?reason=unpaid').json['html']
    assert not manager.save(f'{page}/held/release?reason=unpaid', order='checkin')
    assert states(db, here, there) == ['queued', 'held']
    assert there.reason == 'paused'
    manager.post(f'{page}/desks/{south.id}/pause', xhr=False, paused='0')
    assert states(db, there) == ['queued']


@pytest.mark.parametrize('order', ['checkin', 'name', 'number'])
def test_release_all(db, manager, page, event, hold, create_event, make_objects, log_of, order):
    theirs = make_objects(create_event(77)).job
    theirs.state, theirs.reason = JobState.held, 'bulk'
    now = now_utc()
    jobs = [hold(last_name=name, queue_dt=now + timedelta(seconds=n))
            for name, n in (('curie', 2), ('Babbage', 1), ('Ampère', 3))]
    unpaid = hold('unpaid')
    html = live(manager, page)
    assert 'Many people were checked in at once.' in html
    assert not manager.save(f'{page}/held/release', order=order)
    released = Job.query.filter_by(state=JobState.queued).order_by(Job.queue_dt).populate_existing().all()
    assert [jobs.index(job) for job in released] == {'checkin': [1, 0, 2], 'name': [2, 1, 0],
                                                     'number': [0, 1, 2]}[order]
    assert states(db, unpaid, theirs) == ['held', 'held']
    assert 'Badges released that were held' in log_of(event)


def test_dialogs_of_actions_can_be_confirmed_as_they_open(manager, page, objects, hold, reg, create_job):
    job = create_job(reg)
    hold()
    for path in ('held/release', f'webhooks/{objects.webhook.id}/recover', f'jobs/{job.id}/reprint'):
        html = manager.get(f'{page}/{path}').json['html']
        assert '<form' in html
        assert 'data-disabled-until-change' not in html
    # what is edited cannot be saved as it was
    assert 'data-disabled-until-change' in manager.get(f'{page}/when').json['html']


def test_no_action_has_the_dialog_of_an_edit():
    for path in Path(management.__file__).parent.rglob('*.py'):
        assert 'jsonify_form(form, submit=' not in path.read_text().replace('return jsonify_form(form, submit=submit, '
                                                                            'disabled_until_change=False', '')


def test_release_wrong(manager, page, hold):
    hold()
    assert list(manager.save(f'{page}/held/release', order='nonsense')) == ['order']
    for reason in ('no_desk', 'printed', 'nonsense'):
        assert manager.get(f'{page}/held/release?reason={reason}').status_code == 404


def test_discard_all(db, manager, page, event, hold, create_job, log_of):
    held, queued = [hold(), hold('unpaid'), hold('no_desk', desk=None)], create_job(state=JobState.queued)
    manager.post(f'{page}/held/discard')
    assert states(db, *held, queued) == ['canceled'] * 3 + ['queued']
    assert 'All badges discarded' in log_of(event)
    assert 'data-held' not in live(manager, page)


def test_discard_all_of_many(manager, page, hold, count_queries):
    counts = []
    for many in (1, 30):
        for __ in range(many):
            hold()
        with count_queries() as count:
            manager.post(f'{page}/held/discard')
        counts.append(count())
    assert counts[1] <= counts[0] + 2


@pytest.mark.parametrize(('reason', 'allowed'), [('bulk', True), ('unpaid', True), ('paused', True),
                                                 ('already_printed', True), ('no_desk', False)])
def test_release_one(db, manager, page, hold, reason, allowed):
    job = hold(reason)
    assert (f'/jobs/{job.id}/release' in live(manager, page)) == allowed
    manager.post(f'{page}/jobs/{job.id}/release', xhr=False)
    assert states(db, job) == ['queued' if allowed else 'held']


def test_release_without_desk(db, manager, page, objects, hold):
    job = hold('unpaid', desk=None)
    objects.desk.is_deleted = True
    db.session.flush()
    manager.post(f'{page}/jobs/{job.id}/release', xhr=False)
    manager.save(f'{page}/held/release?reason=unpaid', order='name')
    assert states(db, job) == ['held']


# -- print again ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('state', list(JobState))
def test_reprint(db, manager, manager_user, page, event, reg, create_job, log_of, state):
    job = create_job(reg, state)
    url = f'{page}/jobs/{job.id}/reprint'
    allowed = state in {JobState.completed, JobState.sent, JobState.unknown, JobState.printing}
    assert (f'/jobs/{job.id}/reprint' in live(manager, page)) == allowed
    manager.save(url, reason='lost')
    reprints = Job.query.filter_by(reprint_of_id=job.id).all()
    assert [(x.state, x.reason, x.user, x.desk, x.registration) for x in reprints] == (
        [(JobState.queued, 'lost', manager_user, job.desk, reg)] if allowed else [])
    assert (f'Badge of "{reg.full_name}" printed again' in log_of(event)) == allowed
    if allowed:
        html = live(manager, page)
        assert f'#job-{job.id}">' in html
        assert html.count('Printed again: 1') == 2


@pytest.mark.parametrize('reason', ['', 'bulk', 'nonsense'])
def test_print_again_needs_a_reason(manager, page, reg, create_job, reason):
    job = create_job(reg)
    assert list(manager.save(f'{page}/jobs/{job.id}/reprint', reason=reason)) == ['reason']
    assert not Job.query.filter_by(reprint_of_id=job.id).has_rows()


@pytest.mark.parametrize('gone', ['registration', 'desk'])
def test_no_reprint(manager, page, reg, create_job, objects, gone):
    job = create_job(reg)
    (reg if gone == 'registration' else objects.desk).is_deleted = True
    assert '/reprint' not in live(manager, page)
    manager.save(f'{page}/jobs/{job.id}/reprint', reason='lost')
    assert not Job.query.filter_by(reprint_of_id=job.id).has_rows()


# -- unknown ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(('answer', 'outcome'), [('came-out', 'completed'), ('missed', 'queued')])
@pytest.mark.parametrize('state', [JobState.unknown, JobState.printing, JobState.failed])
def test_unknown(db, manager, page, reg, create_job, answer, outcome, state):
    job = create_job(reg, state)
    asked = state == JobState.unknown
    html = live(manager, page)
    assert ('Did the badge come out?' in html) == asked
    assert (f'/jobs/{job.id}/{answer}' in html) == asked
    manager.post(f'{page}/jobs/{job.id}/{answer}', xhr=False)
    assert states(db, job) == [outcome if asked else state.name]


# -- history ----------------------------------------------------------------------------------------------------------

def test_history(manager, manager_user, page, reg, create_job, objects):
    job = create_job(reg, JobState.unknown)
    manager.post(f'{page}/jobs/{job.id}/came-out', xhr=False)
    html = manager.get(f'{page}/jobs/{job.id}/history').json['html']
    for words in (reg.full_name, 'Somebody looked: the badge came out.', manager_user.full_name, 'Printed'):
        assert words in html


def test_history_actors(db, manager, page, reg, create_job, create_event, make_objects, objects):
    theirs = make_objects(create_event(77)).agent
    theirs.name = 'Secret laptop'
    job = create_job(reg)
    for actor in ('sweep', f'agent:{objects.agent.id}', f'agent:{theirs.id}', 'user:999999', 'user:x'):
        db.session.add(JobHistory(job_id=job.id, state=JobState.unknown, reason='media-jam', detail='<b>jam',
                                  actor=actor))
    db.session.flush()
    html = manager.get(f'{page}/jobs/{job.id}/history').json['html']
    assert 'Print agent Laptop 1' in html
    assert 'Secret laptop' not in html
    assert '&lt;b&gt;jam' in html
    assert html.count('Indico') == 4
