"""The badge on the page of a registration."""

import pytest

from indico.modules.events.registration.models.registrations import RegistrationState

from indico_checkin_print.models.choices import UnpaidPolicy
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason


pytestmark = pytest.mark.usefixtures('no_kick')

S = JobState


@pytest.fixture
def volunteer(create_user, event):
    user = create_user(300)
    event.update_principal(user, add_permissions={'registration_checkin'})
    return user


@pytest.fixture
def show(event):
    """Return a function that returns the page of a registration as somebody sees it."""
    def _show(browser, registration):
        response = browser.get(f'/event/{event.id}/manage/registration/{registration.registration_form_id}'
                               f'/registrations/{registration.id}/', xhr=False)
        assert response.status_code == 200
        return response.get_data(as_text=True)
    return _show


def test_no_badge_yet(manager, show, reg, form, db):
    html = show(manager, reg)
    assert 'It prints when the person is checked in.' in html
    # somebody may want it before
    assert f'/forms/{reg.registration_form_id}/print' in html
    reg.checked_in = True
    db.session.flush()
    assert 'This check-in has printed none.' in show(manager, reg)
    assert f'/forms/{reg.registration_form_id}/print' in show(manager, reg)


@pytest.mark.parametrize(('state', 'reason', 'words', 'button'), [
    (S.completed, 'printed', 'The printer says that the badge is printed.', '/reprint'),
    (S.held, 'bulk', 'Many people were checked in at once.', '/release?registration=1'),
    (S.failed, 'render_failed', 'Indico could not make the badge from its template.', '/retry?registration=1'),
    (S.expired, 'too_old', 'It waited too long.', '/retry?registration=1'),
    (S.queued, 'checked_in', 'The attendee was checked in.', None),
])
def test_what_happened_and_what_can_be_done(manager, show, check_in, reg, set_job, state, reason, words, button):
    job = set_job(check_in(reg)[0], state=state, reason=reason)
    html = show(manager, reg)
    assert words in html
    assert f'/jobs/{job.id}/history' in html
    assert f'data-state="{state.name}"' in html
    buttons = [x for x in ('/reprint', '/release?registration=1', '/retry?registration=1')
               if f'/jobs/{job.id}{x}' in html]
    assert buttons == ([button] if button else [])


def test_release_leads_back_to_the_registration(manager, event, check_in, reg, set_job, db):
    job = set_job(check_in(reg)[0], state=S.held, reason='bulk')
    response = manager.post(f'/event/{event.id}/manage/checkin-print/jobs/{job.id}/release?registration=1', xhr=False)
    assert response.location.endswith(f'/registrations/{reg.id}/')
    db.session.expire_all()
    assert job.state == S.queued


def test_a_volunteer_sees_what_became_of_it(browse, volunteer, show, page, check_in, reg, set_job):
    job = set_job(check_in(reg)[0], state=S.completed, reason='printed')
    live = f'{page}/forms/{reg.registration_form_id}/registrations/{reg.id}/badges'
    for html in (show(browse(volunteer), reg), browse(volunteer).get(live).get_data(as_text=True)):
        assert 'The printer says that the badge is printed.' in html
        assert f'/jobs/{job.id}/' not in html


@pytest.mark.usefixtures('form')
@pytest.mark.parametrize('checked_in', [True, False])
@pytest.mark.parametrize(('policy', 'offered'), [
    (UnpaidPolicy.skip, False), (UnpaidPolicy.hold, True), (UnpaidPolicy.print, True)])
def test_who_has_not_paid(db, browse, volunteer, event, show, reg, checked_in, policy, offered):
    db.session.add(EventSetup(event=event, unpaid=policy))
    reg.state, reg.checked_in = RegistrationState.unpaid, checked_in
    db.session.flush()
    html = show(browse(volunteer), reg)
    assert (f'/forms/{reg.registration_form_id}/print' in html) == offered
    assert ('The registration is not paid, and this event prints no badge then.' in html) != offered


@pytest.mark.usefixtures('form')
def test_a_volunteer_prints_the_first_badge(browse, volunteer, show, reg):
    assert f'/forms/{reg.registration_form_id}/print' in show(browse(volunteer), reg)


def test_only_the_latest_badge(manager, show, check_in, reg, set_job, dummy_user):
    from indico_checkin_print import ledger
    first = set_job(check_in(reg)[0], state=S.completed, reason='printed')
    second = ledger.reprint(first, dummy_user, Reason.lost)
    html = show(manager, reg)
    assert f'data-badge="{second.id}"' in html
    assert f'data-badge="{first.id}"' not in html
    assert 'Printed again: 1.' in html


def test_a_form_that_prints_nothing(manager, show, reg, db, dummy_regform):
    assert 'No badge yet' not in show(manager, reg)
