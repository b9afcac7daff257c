"""Check in only, at the scan station: nothing prints, and the answer says where the badge is."""

from functools import partial

import pytest

from indico.modules.events.registration.models.registrations import RegistrationState

from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def scan_only(scan):
    """What `scan` does where the volunteer lets people in only."""
    return partial(scan, way='check-in-only')


@pytest.fixture
def badge_desk(db, event):
    rules = EventSetup(event=event, badge_desk=True)
    db.session.add(rules)
    db.session.flush()
    return rules


@pytest.mark.usefixtures('badge_desk', 'form')
def test_the_badge_waits_for_the_badge_desk(scan, scan_only, code_of, reg, desk):
    answer = scan_only(code_of(reg))
    assert (answer['answer'], answer['tone'], answer['sentence']) == ('welcome', 'good',
                                                                      'Checked in. Badge at the badge desk.')
    assert reg.checked_in
    badge = Job.query.one()
    assert (badge.state, badge.reason, badge.desk) == (JobState.held, Reason.badge_desk, None)
    # nobody stands at the badge desk
    assert scan_only(code_of(reg))['answer'] == 'already_in'
    assert badge.state == JobState.held
    # and there it prints
    assert scan(code_of(reg))['sentence'].endswith('The badge prints.')
    assert (Job.query.one(), badge.state, badge.desk) == (badge, JobState.queued, desk)


@pytest.mark.usefixtures('form')
def test_no_badge_in_an_event_without_a_badge_desk(scan, scan_only, code_of, reg):
    answer = scan_only(code_of(reg))
    assert (answer['answer'], answer['sentence']) == ('welcome', 'Checked in. No badge is printed.')
    assert reg.checked_in
    job = Job.query.one()
    # there is an answer to "where is my badge?", and a manager can retry it
    assert (job.state, job.reason) == (JobState.canceled, Reason.check_in_only)
    assert scan(code_of(reg))['answer'] == 'already_in'
    assert Job.query.one().state == JobState.canceled


@pytest.mark.usefixtures('badge_desk')
def test_a_form_without_badges(scan_only, code_of, reg):
    assert scan_only(code_of(reg))['sentence'] == 'Checked in. No badge is printed.'
    assert reg.checked_in
    assert Job.query.count() == 0


@pytest.mark.usefixtures('badge_desk', 'form')
def test_not_paid(scan_only, code_of, create_reg):
    reg = create_reg(state=RegistrationState.unpaid)
    answer = scan_only(code_of(reg))
    assert (answer['answer'], answer['sentence']) == ('not_paid',
                                                      'The registration is not paid. Nobody was checked in.')
    assert not reg.checked_in
    answer = scan_only(registration=reg.id, unpaid_too='1')
    assert (answer['answer'], answer['sentence']) == ('welcome', 'Checked in. Badge at the badge desk.')
    assert (reg.checked_in, Job.query.one().reason) == (True, Reason.badge_desk)


@pytest.mark.parametrize('state', [RegistrationState.withdrawn, RegistrationState.pending])
@pytest.mark.usefixtures('badge_desk', 'form')
def test_who_does_not_come_in(scan_only, code_of, create_reg, state):
    reg = create_reg(state=state)
    assert scan_only(code_of(reg))['answer'] == state.name
    assert (reg.checked_in, Job.query.count()) == (False, 0)
    assert scan_only('nonsense')['answer'] == 'unknown'


@pytest.mark.usefixtures('badge_desk', 'form')
def test_undo(volunteer, url, scan_only, code_of, reg, db):
    answer = scan_only(code_of(reg))
    assert volunteer.post(f'{url}/undo', registration=reg.id, checked_in_dt=answer['checked_in_dt']).json['undone']
    db.session.expire_all()
    assert (reg.checked_in, Job.query.one().state) == (False, JobState.canceled)


@pytest.mark.usefixtures('badge_desk', 'form')
def test_webhooks_hear_of_the_check_in(scan_only, code_of, reg, webhook):
    scan_only(code_of(reg))
    assert {job.webhook: job.state for job in Job.query} == {None: JobState.held, webhook: JobState.ready}


def test_the_page_offers_it_where_scan_stations_print(db, volunteer, url, event):
    offered = 'data-part="only"'
    assert offered in volunteer.get(f'{url}/').json['html']
    db.session.add(EventSetup(event=event, sources=['app', 'kiosk']))
    db.session.flush()
    assert offered not in volunteer.get(f'{url}/').json['html']
