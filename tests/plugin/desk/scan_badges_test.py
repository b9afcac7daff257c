"""The buttons for a badge below a scan station's answer: which there are, who may press them, where it comes out."""

import pytest

from indico.core import signals
from indico.modules.events.registration.models.registrations import Registration
from indico.util.date_time import now_utc

from indico_checkin_print.desk import own_desk
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason


pytestmark = pytest.mark.usefixtures('no_kick')

#: What there is to do about a badge in a state, and why it is in it
OFFERED = {
    (JobState.held, 'already_printed'): ['release'],
    (JobState.held, 'in_batch'): [],
    (JobState.printing, 'at_printer'): [],
    (JobState.completed, 'printed'): ['reprint'],
    (JobState.sent, 'handed_over'): ['reprint'],
    (JobState.failed, 'printer_failed'): ['retry'],
    (JobState.expired, 'too_old'): ['retry'],
    (JobState.canceled, 'check_in_only'): ['retry'],
    (JobState.canceled, 'replaced'): [],
    (JobState.unknown, 'printer_unsure'): ['came-out', 'missed'],
}


@pytest.fixture
def job(scan, code_of, reg, form):
    """The badge of somebody who was scanned a moment ago."""
    scan(code_of(reg))
    return Job.query.one()


@pytest.fixture
def ask(volunteer, url, reg):
    """Return a function that returns the buttons for the latest badge."""
    def _ask():
        badge, = volunteer.get(f'{url}/badges/{reg.id}').json['badges']
        return badge['buttons']
    return _ask


@pytest.fixture
def south(db, event, user):
    """Another desk, at which the volunteer stands."""
    desk = Desk(event=event, name='South')
    db.session.add(desk)
    db.session.flush()
    own_desk.choose(desk, user)
    db.session.flush()
    return desk


def test_what_is_offered(job, ask, set_job):
    for (state, reason), offered in OFFERED.items():
        set_job(job, state=state, reason=reason, changed_dt=now_utc())
        assert [button['url'].rpartition('/')[2] for button in ask()] == offered, (state, reason)


def test_of_an_undone_check_in_nothing_prints(job, ask, set_job, volunteer, url, reg):
    set_job(job, state=JobState.failed, reason='printer_failed')
    volunteer.post(f'{url}/undo', registration=reg.id, checked_in_dt=reg.checked_in_dt.isoformat())
    assert ask() == []
    volunteer.post(f'{url}/jobs/{job.id}/retry')
    assert Job.query.one().state == JobState.failed


def test_it_comes_out_where_it_was(db, job, ask, set_job, volunteer, desk):
    set_job(job, state=JobState.completed, reason='printed', changed_dt=now_utc())
    button, = ask()
    assert {'reason': 'misprint', 'text': 'It was misprinted'} in button['reasons']
    assert volunteer.post(button['url'], reason='paused').status_code == 302
    assert Job.query.count() == 1
    answer = volunteer.client.post(button['url'], data={'csrf_token': volunteer.token, 'reason': 'misprint'},
                                   headers={'Accept': 'application/json'}).json
    assert answer['messages'][-1] == {'category': 'success', 'text': 'Another badge of Zoë Müller is on its way.'}
    reprint = Job.query.filter_by(reprint_of_id=job.id).one()
    assert (reprint.id, reprint.desk, reprint.reason, reprint.user_id) == (answer['follow'], desk, 'misprint', 300)


@pytest.mark.parametrize(('state', 'reason', 'what'), [
    (JobState.completed, 'printed', 'reprint'), (JobState.held, 'already_printed', 'release'),
    (JobState.failed, 'printer_failed', 'retry'), (JobState.unknown, 'printer_unsure', 'missed')])
def test_it_comes_out_where_the_volunteer_stands(db, job, ask, set_job, volunteer, south, state, reason, what):
    set_job(job, state=state, reason=reason, changed_dt=now_utc())
    button = next(button for button in ask() if button['url'].endswith(what))
    volunteer.post(button['url'], reason='lost')
    db.session.expire_all()
    latest = Job.query.order_by(Job.id.desc()).first()
    assert (latest.state, latest.desk, latest.history[-1].detail) == (JobState.queued, south, 'desk:volunteer')
    assert (latest != job) == (what == 'reprint')


@pytest.mark.parametrize(('state', 'what'), [
    (JobState.completed, 'reprint'), (JobState.failed, 'retry'), (JobState.unknown, 'missed'),
    (JobState.unknown, 'came-out'), (JobState.held, 'release')])
def test_only_the_latest_badge(db, job, set_job, volunteer, url, state, what):
    """The buttons of a badge stay on a screen after another station has asked for the next one."""
    set_job(job, state=JobState.completed, reason='printed', changed_dt=now_utc())
    volunteer.post(f'{url}/jobs/{job.id}/reprint', reason='lost')
    set_job(job, state=state, reason='already_printed')
    data = {'csrf_token': volunteer.token, 'reason': 'lost'}
    answer = volunteer.client.post(f'{url}/jobs/{job.id}/{what}', data=data,
                                   headers={'Accept': 'application/json'}).json
    db.session.expire_all()
    assert answer['messages'][-1]['text'] == 'This person has a newer badge by now. Scan the ticket again.'
    assert (job.state, Job.query.count()) == (state, 2)


def test_a_printer_that_was_chosen_is_at_its_desk(db, job, set_job, volunteer, url, south, desk, agent):
    set_job(job, state=JobState.failed, reason='printer_failed', facts={'printer': [agent.id, 'p1']})
    volunteer.post(f'{url}/jobs/{job.id}/retry')
    db.session.expire_all()
    assert (job.state, job.desk) == (JobState.queued, desk)


def test_no_desk(job, ask, set_job, volunteer, url):
    set_job(job, state=JobState.held, reason=Reason.badge_desk, desk_id=None, changed_dt=now_utc())
    assert ask() == []
    assert volunteer.post(f'{url}/jobs/{job.id}/release').status_code == 404


@pytest.mark.parametrize('what', ['reprint', 'came-out', 'missed', 'retry', 'release'])
def test_of_hidden_people(db, job, set_job, volunteer, url, dummy_regform, what):
    state = {'reprint': JobState.completed, 'retry': JobState.failed, 'release': JobState.held}.get(what,
                                                                                                   JobState.unknown)
    set_job(job, state=state, reason=Reason.already_printed)
    with signals.event.filter_registration_list.connected_to(lambda form, user: Registration.first_name == 'Viktor',
                                                             sender=dummy_regform):
        assert volunteer.post(f'{url}/jobs/{job.id}/{what}', reason='lost').status_code == 403
    db.session.expire_all()
    assert (Job.query.one().state, job.reason) == (state, 'already_printed')
