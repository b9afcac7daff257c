"""The jobs page: what it shows, what its buttons do to the chosen ones, and the file."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from indico.modules.events.features.util import set_feature_enabled
from indico.util.date_time import now_utc

from indico_checkin_print import sql
from indico_checkin_print.management import job_export, job_query
from indico_checkin_print.management.job_bulk import MAX_CHOSEN
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState


pytestmark = pytest.mark.usefixtures('no_kick')
S = JobState


@pytest.fixture
def url(page):
    return f'{page}/jobs/'


@pytest.fixture
def show(manager, url):
    """Return a function that shows the page and returns its HTML."""
    def _show(query=''):
        response = manager.get(url + query, xhr=False)
        assert response.status_code == 200
        return response.get_data(as_text=True)
    return _show


@pytest.fixture
def person(create_reg):
    """Return a function that makes a registration of a new person."""
    numbers = iter(range(1000))
    return lambda: create_reg('Ada', f'Person{next(numbers)}')


@pytest.fixture
def flashes(manager):
    """Return a function that returns what was flashed since the last call, as one text."""
    def _flashes():
        with manager.client.session_transaction() as session:
            return '\n'.join(str(message) for __, message in session.pop('_flashes', []))
    return _flashes


def jobs_in(html):
    return [int(id_) for id_ in re.findall(r'data-job="(\d+)"', html)]


# -- the page ---------------------------------------------------------------------------------------------------------

def test_row(show, create_reg, create_job, dummy_regform):
    reg = create_reg('Ada', 'Lovelace')
    job = create_job(reg, checked_in_dt=datetime(2026, 3, 4, 12, 0, tzinfo=UTC))
    html = show()
    assert f'href="/event/{job.event_id}/manage/registration/{dummy_regform.id}/registrations/{reg.id}/"' in html
    assert f'#{reg.friendly_id}<' in html
    for words in ('Ada Lovelace', 'North', 'Printed', 'The printer says that the badge is printed.', '4 Mar'):
        assert words in html


def test_filters_and_pages(show, create_job, person, mocker):
    mocker.patch.object(job_query, 'PAGE', 2)
    held = [create_job(person(), S.held, reason='bulk').id for __ in range(5)][::-1]
    create_job(person())
    html = show('?state=held')
    assert jobs_in(html) == held[:2]
    assert 'value="held" autocomplete="off"\n                           checked' in html
    assert 'aria-disabled' in html
    older = re.search(r'href="[^"]*/jobs/\?([^"]*)"\s+rel="next"', html)[1].replace('&amp;', '&')
    html = show(f'?{older}')
    assert jobs_in(html) == held[2:4]
    newer = re.search(r'href="[^"]*/jobs/\?([^"]*)"\s+rel="prev"', html)[1].replace('&amp;', '&')
    assert jobs_in(show(f'?{newer}')) == held[:2]
    # the link to the file and the buttons know what is shown
    assert '/jobs/export?state=held"' in html
    assert f'/jobs/discard?before={held[1]}&amp;state=held"' in html


def test_problems_are_said(show, create_job):
    job = create_job()
    html = show('?state=bogus&at=desk-99999&form=x&before=x&name=' + 'x' * 200)
    for words in ('no such state: bogus', 'no such desk', 'no such registration form', 'too long', 'place in the list'):
        assert words in html
    assert job.id in jobs_in(html)


def test_too_many_people(show, create_reg, create_job, mocker):
    mocker.patch.object(job_query, 'MAX_PEOPLE', 1)
    for name in 'AB':
        create_job(create_reg('Ada', name))
    html = show('?name=ada')
    assert 'Type more of it' in html
    assert jobs_in(html) == []


def test_nothing_found(show, objects):
    assert 'No badge matches.' in show('?state=rendering')
    assert 'There are no older badges.' in show('?before=1')


def test_escapes(show, create_reg, create_job, objects, dummy_regform):
    evil = '<script>alert(1)</script>"\''
    objects.desk.name = objects.webhook.name = dummy_regform.title = evil
    create_job(create_reg(evil, evil), detail=evil, reason=evil, printer=evil)
    html = show('?state=%3Cscript%3Ealert(1)&name=%22%3E%3Cscript%3Ealert(1)') + show()
    assert 'alert(1)' in html
    assert '<script>alert(1)' not in html


def test_number_of_queries(db, show, person, create_job, count_queries):
    create_job(person())
    show()

    def _count():
        db.session.expire_all()
        with count_queries() as count:
            show()
        return count()

    before = _count()
    for __ in range(10):
        create_job(person())
    assert _count() == before


def test_buttons_of_a_row_lead_back(db, manager, show, create_job, person, url):
    job = create_job(person(), S.failed)
    html = show('?state=failed&name=ada')
    target = re.search(rf'action="([^"]*/jobs/{job.id}/retry[^"]*)"', html)[1].replace('&amp;', '&')
    response = manager.post(target, xhr=False)
    assert response.headers['Location'].endswith(f'{url}?name=ada&state=failed')
    db.session.refresh(job)
    assert job.state == S.queued


def test_history_links_both_ways(manager, page, create_job, person):
    first = create_job(reg := person())
    second = create_job(reg, reprint_of=first, reason='lost')
    html = manager.get(f'{page}/jobs/{first.id}/history').json['html']
    assert f'?before={second.id + 1}#job-{second.id}' in html
    html = manager.get(f'{page}/jobs/{second.id}/history').json['html']
    assert f'?before={first.id + 1}#job-{first.id}' in html


def test_event_page_leads_here(manager, page, url):
    assert f'href="{url}"' in manager.get(f'{page}/', xhr=False).get_data(as_text=True)


# -- several at once --------------------------------------------------------------------------------------------------

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


@pytest.mark.parametrize('action', ['release', 'retry', 'discard', 'again'])
def test_nothing_chosen(event, manager, url, flashes, log_of, action):
    assert manager.post(url + action).status_code in {200, 302}
    assert flashes() == 'Choose some badges first.'
    assert log_of(event) == ''


@pytest.mark.parametrize('action', ['release', 'retry', 'discard', 'again'])
@pytest.mark.parametrize('ids', [['x'], ['-1'], ['1.0'], ['9' * 30], ['١'], ['1', ''], list(range(1, MAX_CHOSEN + 2))])
def test_bad_ids(manager, url, action, ids):
    response = manager.post(url + action, job_id=ids)
    assert response.status_code == 400
    assert 'message' in response.json['error']


@pytest.mark.parametrize('action', ['release', 'retry', 'discard', 'again'])
def test_jobs_of_another_event(db, event, manager, url, create_event, make_objects, flashes, log_of, action):
    other = create_event(77)
    set_feature_enabled(other, 'registration', True)
    theirs = make_objects(other).job
    state = {'release': S.held, 'again': S.completed}.get(action, S.failed)
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
    ('again', S.completed, {'reason': 'lost', 'newest': 10**9, 'submitted': ''}),
])
def test_a_pause_holds_many_but_not_one(db, event, manager, page, url, create_job, person, objects, flashes, button,
                                        state, extra):
    south = Desk(event=event, name='South', paused=True)
    here = create_job(person(), state, reason='bulk')
    there, single = (create_job(person(), state, reason='bulk', desk=south) for __ in range(2))
    before = {job.id for job in Job.query}
    manager.post(f'{url}{button}', job_id=[here.id, there.id], **extra)
    db.session.expire_all()
    asked = {here.id: here, there.id: there} if button != 'again' else {
        job.reprint_of_id: job for job in Job.query if job.id not in before}
    assert (asked[here.id].state, asked[there.id].state, asked[there.id].reason) == (S.queued, S.held, 'paused')
    text = flashes()
    assert ': 1\n' in text
    assert 'Printing is paused. Badges that wait until it resumes: 1' in text
    # somebody stands there
    manager.post(f'{page}/jobs/{single.id}/{button}', **extra)
    db.session.expire_all()
    asked = single if button != 'again' else Job.query.filter_by(reprint_of_id=single.id).one()
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
    assert [statement.partition(' FOR ')[2] for statement in locks] == ['NO KEY UPDATE OF jobs SKIP LOCKED']


# -- print again ------------------------------------------------------------------------------------------------------

def test_reprint(db, event, manager, url, create_job, person, flashes, log_of):
    jobs = {state: create_job(person(), state) for state in S}
    ids = [job.id for job in jobs.values()]
    dialog = manager.post(f'{url}again', job_id=ids)
    html = dialog.json['html']
    assert f'Badges that you have chosen: {len(S)}' in html
    assert Job.query.filter(Job.reprint_of_id.isnot(None)).count() == 0
    newest = re.search(r'name="newest"[^>]*value="(\d+)"', html)[1]
    assert all(f'value="{id_}"' in html for id_ in ids)

    # without a reason nothing prints
    assert 'reason' in manager.save(f'{url}again', job_id=ids, reason='', newest=newest, submitted='')
    assert 'reason' in manager.save(f'{url}again', job_id=ids, reason='bogus', newest=newest, submitted='')
    assert Job.query.filter(Job.reprint_of_id.isnot(None)).count() == 0

    assert manager.save(f'{url}again', job_id=ids, reason='lost', newest=newest, submitted='') == {}
    again = Job.query.filter(Job.reprint_of_id.isnot(None)).all()
    out = {S.printing, S.completed, S.sent, S.unknown}
    assert {job.reprint_of.state for job in again} == out
    assert {job.reason for job in again} == {'lost'}
    text = flashes()
    assert 'on their way: 4' in text
    assert f'not possible for them: {len(S) - 4}' in text
    assert "'Badges': 4" in log_of(event)
    assert "'Reason': 'It was lost'" in log_of(event)

    # the same dialog sent twice
    assert manager.save(f'{url}again', job_id=ids, reason='lost', newest=newest, submitted='') == {}
    assert Job.query.filter(Job.reprint_of_id.isnot(None)).count() == 4
    # but a new dialog prints again
    html = manager.post(f'{url}again', job_id=ids).json['html']
    newest = re.search(r'name="newest"[^>]*value="(\d+)"', html)[1]
    manager.save(f'{url}again', job_id=ids, reason='misprint', newest=newest, submitted='')
    assert Job.query.filter(Job.reprint_of_id.isnot(None)).count() == 8


@pytest.mark.parametrize('newest', ['', 'x', '-1', '9' * 30])
def test_reprint_needs_its_dialog(manager, url, create_job, person, newest):
    job = create_job(person())
    response = manager.post(f'{url}again', job_id=job.id, reason='lost', newest=newest, submitted='')
    assert response.status_code == 200
    assert Job.query.filter(Job.reprint_of_id.isnot(None)).count() == 0


# -- the file ---------------------------------------------------------------------------------------------------------

@pytest.fixture
def export(manager, url):
    """Return a function that returns the lines of the file as dicts."""
    def _export(query=''):
        response = manager.get(f'{url}export{query}', xhr=False)
        assert response.status_code == 200
        assert response.headers['Content-Type'] == 'text/csv; charset=utf-8'
        assert re.fullmatch(r'attachment; filename=badges-\d+-\d{8}-\d{4}\.csv',
                            response.headers['Content-Disposition'])
        data = response.get_data()
        assert data.count(b'\xef\xbb\xbf') == 1
        return list(csv.DictReader(io.StringIO(data.decode('utf-8-sig'))))
    return _export


def test_export(db, event, export, create_reg, create_job, objects, dummy_regform):
    reg = create_reg('Zoë', 'Müller')
    scanned = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
    badge = create_job(reg, checked_in_dt=scanned, created_dt=scanned, changed_dt=scanned + timedelta(seconds=1.23),
                       printer='labels')
    again = create_job(reg, S.failed, reprint_of=badge, reason='media-jam', detail='look inside', created_dt=scanned,
                       changed_dt=scanned)
    hook = create_job(reg, S.held, purpose='webhook:1', desk=None, webhook=objects.webhook, reason='paused')
    test, = Job.query.filter_by(purpose=Job.PURPOSE_TEST, event_id=event.id)
    lines = export()
    assert [int(line['ID']) for line in lines] == [hook.id, again.id, badge.id, test.id]
    local = scanned.astimezone(event.tzinfo).strftime('%Y-%m-%d %H:%M:%S')
    assert lines[2] == {
        'ID': str(badge.id), 'Name': 'Zoë Müller', 'Registration number': str(reg.friendly_id),
        'Registration form': dummy_regform.title, 'Desk or webhook': 'North', 'Printer': 'labels', 'State': 'Printed',
        'Reason': 'The printer says that the badge is printed.', 'Detail': '', 'Checked in (UTC)': local,
        'Created (UTC)': local, 'Last change (UTC)': local.replace(':00:00', ':00:01'),
        'Seconds to paper': '1.2', 'Reprint of ID': '',
        'Printed again': '1'}
    assert (lines[1]['Reprint of ID'], lines[1]['Seconds to paper']) == (str(badge.id), '')
    assert lines[1]['Detail'] == 'look inside'
    assert (lines[0]['Desk or webhook'], lines[0]['State'], lines[0]['Printed again']) == ('CRM', 'Held', '0')
    assert (lines[3]['Name'], lines[3]['Registration number']) == ('Test badge', '')


def test_export_of_what_is_shown(export, create_reg, create_job):
    held = create_job(create_reg('Ada', 'A'), S.held, reason='bulk').id
    create_job(create_reg('Bob', 'B'), S.held, reason='bulk')
    create_job(create_reg('Ada', 'C'))
    assert [int(line['ID']) for line in export('?state=held&name=ada')] == [held]
    # all pages, wherever one is
    assert len(export('?before=1')) == 4
    assert export('?state=rendering') == []


def test_export_in_parts(export, create_job, person, mocker):
    mocker.patch.object(job_export, 'CHUNK', 3)
    ids = [create_job(person()).id for __ in range(6)][::-1]
    assert [int(line['ID']) for line in export('?state=completed')] == ids


def test_export_holds_no_formulas(export, create_reg, create_job, objects, dummy_regform):
    objects.desk.name = '=1+1'
    dummy_regform.title = '@SUM(A1)'
    create_job(create_reg('=HYPERLINK("http://evil")', '+1'), detail='\t=1+1\n-2', printer='  -1', reason='+x')
    line = export()[0]
    for value in line.values():
        assert not re.match(r'\s*[=+@-]', value), value
    assert line['Name'].startswith('HYPERLINK(')


def test_export_of_accompanying_person(export, create_job, dummy_reg, dummy_accompanying_persons_field):
    person = dummy_reg.accompanying_persons[0]
    create_job(dummy_reg, person=person['id'])
    assert export()[0]['Name'] == f'{person["firstName"]} {person["lastName"]}'


@pytest.mark.parametrize('query', ['?state=bogus', '?at=desk-9999', '?form=x', '?name=' + 'x' * 200, '?before=x'])
def test_export_refuses_what_it_does_not_understand(manager, url, query):
    assert manager.get(f'{url}export{query}').status_code == 400


def test_export_of_deleted_desk(db, event, export, create_job, person):
    gone = Desk(event=event, name='Gone', is_deleted=True)
    db.session.add(gone)
    create_job(person(), desk=gone)
    assert export()[0]['Desk or webhook'] == 'Gone (deleted)'
