"""What the buttons of the jobs page do to the jobs that were chosen."""

import re
from datetime import timedelta

import pytest

from indico.modules.events.features.util import set_feature_enabled
from indico.util.date_time import now_utc

from indico_checkin_print import sql
from indico_checkin_print.management.jobs.bulk import MAX_CHOSEN
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState


pytestmark = pytest.mark.usefixtures('no_kick')
S = JobState


@pytest.fixture
def url(page):
    return f'{page}/jobs/'


@pytest.mark.parametrize(('action', 'allowed', 'to'), [
    ('release', {S.held}, S.queued),
    ('retry', {S.failed, S.expired, S.canceled}, S.queued),
    ('discard', {S.held, S.queued, S.ready, S.failed}, S.canceled),
])
def test_action(db, event, manager, url, flashes, log_of, create_job, person, action, allowed, to):
    jobs = {state: create_job(person(), state, reason='bulk') for state in S}
    left_alone = create_job(person(), next(iter(allowed)), reason='bulk')
    response = manager.post(f'{url}{action}?state=held&before=99', xhr=False,
                            job_id=[job.id for job in jobs.values()])
    assert response.headers['Location'].endswith(f'{url}?before=99&state=held')
    db.session.expire_all()
    for state, job in jobs.items():
        assert job.state == (to if state in allowed else state)
    assert left_alone.state in allowed
    text = flashes()
    assert f': {len(allowed)}\n' in text
    assert f'not possible for them: {len(S) - len(allowed)}' in text
    entry = log_of(event)
    assert f"'Badges': {len(allowed)}" in entry
    assert all(f'#{jobs[state].registration.friendly_id}' in entry for state in allowed)
    assert all(job.history[-1].actor == 'user:101' for state, job in jobs.items() if state in allowed)


def test_what_was_replaced_is_not_retried(db, manager, url, create_job, person):
    job = create_job(person(), S.canceled, reason='replaced')
    manager.post(url + 'retry', job_id=[job.id])
    db.session.expire_all()
    assert job.state == S.canceled


@pytest.mark.parametrize('action', ['release', 'retry', 'discard', 'reprint'])
def test_nothing_chosen(event, manager, url, flashes, log_of, action):
    assert manager.post(url + action).status_code in {200, 302}
    assert flashes() == 'Choose some badges first.'
    assert log_of(event) == ''


@pytest.mark.parametrize('action', ['release', 'retry', 'discard', 'reprint'])
@pytest.mark.parametrize('ids', [['x'], ['-1'], ['1.0'], ['9' * 30], ['١'], ['1', ''], list(range(1, MAX_CHOSEN + 2))])
def test_bad_ids(manager, url, action, ids):
    response = manager.post(url + action, job_id=ids)
    assert response.status_code == 400
    assert 'message' in response.json['error']


@pytest.mark.parametrize('action', ['release', 'retry', 'discard', 'reprint'])
def test_jobs_of_another_event(db, event, manager, url, create_event, make_objects, flashes, log_of, action):
    other = create_event(77)
    set_feature_enabled(other, 'registration', True)
    theirs = make_objects(other).job
    state = {'release': S.held, 'reprint': S.completed}.get(action, S.failed)
    db.session.execute(db.update(Job.__table__).where(Job.id == theirs.id).values(state=state, reason='bulk'))
    manager.post(url + action, job_id=[theirs.id, 2**60], reason='lost', newest=0, submitted='')
    db.session.expire_all()
    assert theirs.state == state
    assert Job.query.filter_by(event_id=other.id).count() == 1
    assert 'not possible for them: 2' in flashes()
    assert log_of(event) + log_of(other) == ''


def test_release_is_in_the_order_of_check_in(manager, url, create_job, person):
    now = now_utc()
    jobs = [create_job(person(), S.held, reason='bulk', queue_dt=now - timedelta(seconds=n)) for n in range(4)]
    manager.post(f'{url}release', job_id=[job.id for job in jobs])
    assert sorted(jobs, key=lambda job: job.queue_dt) == jobs[::-1]


@pytest.mark.parametrize(('reason', 'has_desk', 'released'), [
    ('bulk', True, True), ('unpaid', True, True), ('paused', True, True), ('no_desk', True, False),
    ('bulk', False, False),
])
def test_release_needs_a_desk(db, manager, url, create_job, person, objects, reason, has_desk, released):
    objects.desk.is_deleted = not has_desk
    job = create_job(person(), S.held, reason=reason, desk=None)
    manager.post(f'{url}release', job_id=job.id)
    db.session.expire_all()
    assert job.state == (S.queued if released else S.held)


@pytest.mark.parametrize(('button', 'state', 'extra'), [
    ('release', S.held, {}), ('retry', S.expired, {}),
    ('reprint', S.completed, {'reason': 'lost', 'newest': 10**9, 'submitted': ''}),
])
def test_a_pause_holds_many_but_not_one(db, event, manager, page, url, create_job, person, objects, flashes, button,
                                        state, extra):
    south = Desk(event=event, name='South', paused=True)
    here = create_job(person(), state, reason='bulk')
    there, single = (create_job(person(), state, reason='bulk', desk=south) for __ in range(2))
    before = {job.id for job in Job.query}
    manager.post(f'{url}{button}', job_id=[here.id, there.id], **extra)
    db.session.expire_all()
    asked = {here.id: here, there.id: there} if button != 'reprint' else {
        job.reprint_of_id: job for job in Job.query if job.id not in before}
    assert (asked[here.id].state, asked[there.id].state, asked[there.id].reason) == (S.queued, S.held, 'paused')
    text = flashes()
    assert ': 1\n' in text
    assert 'Printing is paused. Badges that wait until it resumes: 1' in text
    # somebody stands there
    manager.post(f'{page}/jobs/{single.id}/{button}', **extra)
    db.session.expire_all()
    asked = single if button != 'reprint' else Job.query.filter_by(reprint_of_id=single.id).one()
    assert asked.state == S.queued


def test_discard_notifies_the_agents(manager, url, create_job, person, objects, mocker):
    jobs = [create_job(person(), S.ready, agent=objects.agent, printer='labels') for __ in range(2)]
    jobs.append(create_job(person(), S.completed, agent=objects.agent, printer='labels'))
    notify = mocker.patch.object(sql, 'notify_agents')
    manager.post(f'{url}discard', job_id=[job.id for job in jobs])
    notify.assert_called_once_with({objects.agent.id})


def test_locked_jobs_are_skipped(db, manager, url, create_job, person):
    # other connections do not see the rows of a test, so the test looks at the statement
    statements = []

    def _note(conn, cursor, statement, *args):
        statements.append(statement)

    job = create_job(person(), S.failed)
    db.event.listen(db.engine, 'before_cursor_execute', _note)
    try:
        manager.post(f'{url}retry', job_id=job.id)
    finally:
        db.event.remove(db.engine, 'before_cursor_execute', _note)
    locks = [statement for statement in statements if ' FOR ' in statement and 'jobs.id' in statement]
    # the others are of the ledger, which asks what of this request's own badges is paused, in batches and apart from
    # them: it waits for nobody
    assert [statement.partition(' FOR ')[2] for statement in locks] == ['NO KEY UPDATE OF jobs SKIP LOCKED',
                                                                        *['NO KEY UPDATE OF jobs'] * 2]


def test_reprint(db, event, manager, url, create_job, person, flashes, log_of):
    jobs = {state: create_job(person(), state) for state in S}
    ids = [job.id for job in jobs.values()]
    dialog = manager.post(f'{url}reprint', job_id=ids)
    html = dialog.json['html']
    assert f'Badges that you have chosen: {len(S)}' in html
    assert Job.query.filter(Job.reprint_of_id.isnot(None)).count() == 0
    newest = re.search(r'name="newest"[^>]*value="(\d+)"', html)[1]
    assert all(f'value="{id_}"' in html for id_ in ids)

    # without a reason nothing prints
    assert 'reason' in manager.save(f'{url}reprint', job_id=ids, reason='', newest=newest, submitted='')
    assert 'reason' in manager.save(f'{url}reprint', job_id=ids, reason='bogus', newest=newest, submitted='')
    assert Job.query.filter(Job.reprint_of_id.isnot(None)).count() == 0

    assert manager.save(f'{url}reprint', job_id=ids, reason='lost', newest=newest, submitted='') == {}
    reprints = Job.query.filter(Job.reprint_of_id.isnot(None)).all()
    out = {S.printing, S.completed, S.sent, S.unknown}
    assert {job.reprint_of.state for job in reprints} == out
    assert {job.reason for job in reprints} == {'lost'}
    text = flashes()
    assert 'on their way: 4' in text
    assert f'not possible for them: {len(S) - 4}' in text
    assert "'Badges': 4" in log_of(event)
    assert "'Reason': 'It was lost'" in log_of(event)

    # the same dialog sent twice
    assert manager.save(f'{url}reprint', job_id=ids, reason='lost', newest=newest, submitted='') == {}
    assert Job.query.filter(Job.reprint_of_id.isnot(None)).count() == 4
    # but a new dialog prints again
    html = manager.post(f'{url}reprint', job_id=ids).json['html']
    newest = re.search(r'name="newest"[^>]*value="(\d+)"', html)[1]
    manager.save(f'{url}reprint', job_id=ids, reason='misprint', newest=newest, submitted='')
    assert Job.query.filter(Job.reprint_of_id.isnot(None)).count() == 8


@pytest.mark.parametrize('newest', ['', 'x', '-1', '9' * 30])
def test_reprint_needs_its_dialog(manager, url, create_job, person, newest):
    job = create_job(person())
    response = manager.post(f'{url}reprint', job_id=job.id, reason='lost', newest=newest, submitted='')
    assert response.status_code == 200
    assert Job.query.filter(Job.reprint_of_id.isnot(None)).count() == 0
