"""Whom Indico hides from a manager (signal ``filter_registration_list``), no page shows and no button touches.

Every route of the manager's pages is walked (`routes.ROUTES`, which is compared with the URL map), as
somebody who may see one registration of two.
"""

import re

import pytest

from indico.core import signals
from indico.modules.events.registration.models.registrations import Registration
from indico.util.date_time import now_utc

from indico_checkin_print.management import urls
from indico_checkin_print.management.base import RHJobBase
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Attempt, JobHistory
from indico_checkin_print.models.rules import FormSetup
from indico_checkin_print.reasons.codes import Reason
from tests.plugin.routes import API_ROUTES, ROUTES, ask, ids_of


pytestmark = pytest.mark.usefixtures('no_kick')

HIDDEN = 'Hildegard'
VISIBLE = 'Viktor'
#: What a route needs to do something to the jobs or registrations that it is given
#: They decide where the badges and data of all people go
FOR_EVERYBODY = {'/webhooks/add', '/webhooks/{webhook}/', '/webhooks/{webhook}/secret', '/kiosks/add',
                 '/kiosks/{kiosk}/code', '/agents/add', '/agents/{agent}/code'}
EVERY_STATE = (JobState.held, JobState.failed, JobState.unknown, JobState.completed)


@pytest.fixture
def people(db, dummy_regform, create_user, create_registration, objects):
    """Two registrations that are checked in; the manager may see the first one only."""
    db.session.add(FormSetup(registration_form=dummy_regform, enabled=True, kind=BadgeKind.badge, desk=objects.desk))
    people = []
    for number, name in enumerate((VISIBLE, HIDDEN)):
        registration = create_registration(create_user(300 + number, name, 'Person'), dummy_regform)
        registration.first_name = name
        people.append(registration)
    db.session.flush()

    def _only_the_first(regform, user, **kwargs):
        return Registration.first_name == VISIBLE

    with signals.event.filter_registration_list.connected_to(_only_the_first, sender=dummy_regform):
        yield people


@pytest.fixture
def make_jobs(db, create_job, people, objects):
    """Return a function that gives somebody a badge in each state, and a message that failed at the webhook."""
    def _make_jobs(registration):
        jobs = [create_job(registration, state, checked_in_dt=now_utc(),
                           reason=Reason.bulk if state == JobState.held else Reason.printed) for state in EVERY_STATE]
        message = create_job(registration, JobState.failed, desk=None, webhook=objects.webhook,
                             purpose=f'webhook:{objects.webhook.id}', reason=Reason.webhook_refused)
        db.session.add(Attempt(job=message, webhook_id=objects.webhook.id, dt=now_utc(), status=500, duration=12))
        db.session.flush()
        return [*jobs, message]
    return _make_jobs


def records(registration):
    """Return all that the ledger says about somebody."""
    jobs = Job.query.filter_by(registration_id=registration.id).order_by(Job.id).all()
    history = JobHistory.query.filter(JobHistory.job_id.in_([job.id for job in jobs])).count()
    return [(job.id, job.state, job.reason, job.dispatch, job.queue_dt) for job in jobs], history


def form_of(registrations, jobs):
    """Return what any of the forms may be sent."""
    return {'registration_id': [r.id for r in registrations], 'job_id': [job.id for job in jobs], 'newest': 2**40,
            'submitted': '1', 'reason': 'lost', 'order': 'checkin', 'paused': '0',
            'since': ['01/01/2020', '00:00']}


@pytest.mark.parametrize(('method', 'path'), ROUTES)
def test_hidden_person(db, manager, page, objects, dummy_regform, people, make_jobs, method, path):
    __, hidden = people
    jobs = make_jobs(hidden)
    before = records(hidden)
    for job in jobs if '{job}' in path else jobs[:1]:
        ids = ids_of(objects, dummy_regform) | {'job': job.id, 'registration': hidden.id}
        response = ask(manager, method, page + path.format(**ids),
                       **(form_of(people, jobs) if method == 'POST' else {}))
        if '{job}' in path or '{registration}' in path or path in FOR_EVERYBODY:
            assert response.status_code == 403
        else:
            assert response.status_code in {200, 302}
            assert HIDDEN not in response.get_data(as_text=True)
        db.session.expire_all()
        assert records(hidden) == before


def test_every_handler_of_one_job_asks(app):
    """A new handler with a job in its URL is refused here unless it has the base class that asks Indico."""
    handlers = {rule.endpoint: getattr(urls, app.view_functions[rule.endpoint].__name__)
                for rule in app.url_map.iter_rules()
                if rule.rule.startswith(urls.PREFIX) and 'job_id' in rule.arguments}
    assert len(handlers) >= 8
    assert {name for name, rh in handlers.items() if not issubclass(rh, RHJobBase)} == set()


def test_every_route_of_programs_is_known(app):
    rules = {(method, rule.rule) for rule in app.url_map.iter_rules()
             if rule.rule.startswith('/api/plugin/checkin-print/event/')
             for method in rule.methods & {'GET', 'POST', 'PATCH', 'PUT', 'DELETE'}}
    assert rules == API_ROUTES


def test_the_other_person(db, manager, page, objects, dummy_regform, people, make_jobs):
    """The same buttons work for whom the manager may see, and the lists show nobody else."""
    visible, hidden = people
    mine, theirs = make_jobs(visible), make_jobs(hidden)
    for path in ('/', '/live', '/jobs/', '/jobs/export', '/jobs/?name=pig', f'/webhooks/{objects.webhook.id}/log'):
        text = manager.get(page + path).get_data(as_text=True)
        assert VISIBLE in text, path
        assert HIDDEN not in text, path
    before = records(hidden)
    for path in ('/jobs/release', '/jobs/retry', '/jobs/discard'):
        manager.post(page + path, **form_of(people, [*mine, *theirs]))
    manager.post(page + '/held/release?reason=bulk', order='checkin')
    manager.post(page + '/held/discard')
    db.session.expire_all()
    assert records(hidden) == before
    assert {job.state for job in Job.query.filter(Job.id.in_([mine[0].id, mine[1].id]))} == {JobState.canceled}


@pytest.mark.parametrize('path', ['/', '/live'])
def test_counts_of_what_is_held(manager, page, people, create_job, path):
    visible, hidden = people
    for __ in range(3):
        create_job(hidden, JobState.held, reason=Reason.bulk, checked_in_dt=None)
    create_job(visible, JobState.held, reason=Reason.unpaid, checked_in_dt=None)
    held = re.findall(r'data-held="(\w+)"', manager.get(page + path).get_data(as_text=True))
    assert held == ['unpaid']


def test_a_search_counts_only_whom_one_may_see(manager, page, people, make_jobs, mocker):
    visible, __ = people
    make_jobs(visible)
    mocker.patch('indico_checkin_print.management.jobs.query.MAX_PEOPLE', 1)
    text = manager.get(page + '/jobs/?name=pig').get_data(as_text=True)
    assert 'people have such a name' not in text
    assert VISIBLE in text


def test_recovery_sends_again_what_one_may_see(db, manager, page, objects, people, make_jobs):
    visible, hidden = people
    mine, theirs = make_jobs(visible)[-1], make_jobs(hidden)[-1]
    manager.post(f'{page}/webhooks/{objects.webhook.id}/recover', **form_of(people, []))
    db.session.expire_all()
    assert (mine.state, theirs.state) == (JobState.queued, JobState.failed)


def test_counts_of_a_webhook(manager, page, objects, people, make_jobs):
    __, hidden = people
    make_jobs(hidden)
    text = manager.get(f'{page}/webhooks/{objects.webhook.id}/log').get_data(as_text=True)
    assert 'Nothing has been sent yet' in text
    assert 'not delivered;' not in text


@pytest.mark.parametrize('path', [path for method, path in ROUTES if method == 'GET' and '{job}' not in path
                                  and '{registration}' not in path])
def test_a_page_is_as_if_hidden_people_did_not_exist(db, manager, page, objects, dummy_regform, people, create_job,
                                                     make_jobs, path):
    visible, hidden = people
    make_jobs(visible)
    url = page + path.format(**ids_of(objects, dummy_regform))
    before = without_noise(manager.get(url).get_data(as_text=True))
    make_jobs(hidden)
    for state in JobState:
        create_job(hidden, state, checked_in_dt=None, desk=objects.desk, reason=Reason.bulk,
                   dispatched_dt=now_utc())
    assert without_noise(manager.get(url).get_data(as_text=True)) == before


def without_noise(html):
    """Return a page without what differs at each request."""
    html = re.sub(r'<!--.*?-->', '', html, flags=re.DOTALL)
    return re.sub(r'[\w-]{36,}|\b\d\d:\d\d(:\d\d(\.\d+)?)?|\d+\.\d+|\d+ ?s\b', '*', html)


def test_the_log_counts_nobody_who_is_hidden(db, manager, page, objects, people, create_job):
    __, hidden = people
    create_job(hidden, JobState.queued, desk=objects.desk)
    for path in ('/pause', f'/desks/{objects.desk.id}/pause'):
        for paused in '10':
            manager.post(page + path, paused=paused)
    entries = objects.desk.event.log_entries.all()
    assert [entry.summary for entry in entries if 'Printing' in entry.summary]
    assert {str(entry.data) for entry in entries if entry.summary.startswith('Printing')} == {'{}'}


def test_jobs_of_nobody_are_seen(manager, page, objects, people):
    # a test badge, and one whose registration was purged
    text = manager.get(page + '/live').get_data(as_text=True)
    assert f'data-job="{objects.job.id}"' in text


def test_without_a_receiver_nothing_is_asked(app, event, manager_user):
    from flask import session

    from indico_checkin_print.management.visibility import visible
    with app.test_request_context():
        session.set_session_user(manager_user)
        assert visible(event) == []


def test_set_up_offers_nothing_that_sends_everybodys_data(manager, page, people, objects):
    hrefs = {href for path in ('/setup', f'/webhooks/{objects.webhook.id}/log')
             for href in re.findall(r'data-href="([^"]*)"', manager.get(page + path, xhr=False).get_data(as_text=True))}
    assert hrefs
    refused = {path.format(webhook=objects.webhook.id, agent=objects.agent.id, kiosk=objects.kiosk.device_id)
               for path in FOR_EVERYBODY}
    assert {href for href in hrefs if any(href.endswith(page + path) for path in refused)} == set()
    text = manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    assert text.count('Only managers who see all registrations can') == 3
