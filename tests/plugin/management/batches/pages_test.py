"""The dialog that makes a batch, its page, and its buttons."""

import pytest
from flask import session
from markupsafe import escape

from indico.core import signals
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.items import PersonalDataType
from indico.modules.events.registration.models.registrations import Registration, RegistrationData, RegistrationState
from indico.modules.events.registration.models.tags import RegistrationTag
from indico.util.signals import values_from_signal

from indico_checkin_print.management.batches import pages, progress
from indico_checkin_print.management.batches.members import Kind, candidates_of
from indico_checkin_print.management.batches.progress import Progress, batches_of, progress_of
from indico_checkin_print.management.jobs.rows import seconds_of
from indico_checkin_print.models.batches import Batch
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.jobs import JobState as S
from indico_checkin_print.sql import now


pytestmark = pytest.mark.usefixtures('no_kick', 'form', 'event')


@pytest.fixture
def url(event, dummy_regform):
    return f'/event/{event.id}/manage/checkin-print/forms/{dummy_regform.id}/batch'


@pytest.fixture
def people(create_reg):
    return [create_reg(f'P{number}', f'Name {9 - number}') for number in range(4)]


@pytest.fixture
def make(manager, url, desk):
    """Return a function that presses the button of the dialog; it returns the answer."""
    def _make(people, browser=manager, **data):
        data = {'desks': [desk.id], 'order': 'name', **data}
        return browser.post(url, registration_id=[reg.id for reg in people], submitted='1', **data).json
    return _make


def badges(batch):
    return Job.query.filter_by(batch_id=batch.id).order_by(Job.queue_dt).populate_existing().all()


def test_the_list_offers_it(app, dummy_regform, manager_user):
    with app.test_request_context():
        session.set_session_user(manager_user)
        entries = values_from_signal(signals.event.registrant_list_action_menu.send(dummy_regform), as_list=True)
        assert 'Print a batch of badges' in [str(entry.text) for entry in entries]


def test_the_dialog_says_who_gets_one(db, manager, url, people, check_in, set_job, create_reg):
    had, waits, unpaid, gone = people
    set_job(check_in(had)[0], state=S.completed, reason='printed')
    check_in(waits)
    unpaid.state, gone.state = RegistrationState.unpaid, RegistrationState.withdrawn
    first = create_reg('New', 'Comer')
    db.session.flush()
    html = manager.post(url, registration_id=[reg.id for reg in [*people, first]]).json['html']
    for sentence in ('Will get a badge: 1.', 'Already had one (skipped unless you choose "Print again"): 1.',
                     'Badge waits or is on its way, skipped: 1.', 'Not paid, skipped: 1.',
                     'Not complete, or their ticket is blocked, skipped: 1.', 'Print again'):
        assert escape(sentence) in html
    assert Batch.query.count() == 0


def test_a_batch(db, make, manager, people, manager_user, log_of, event, page):
    answer = make(people)
    batch = Batch.query.one()
    assert answer['redirect'].endswith(f'/batches/{batch.id}/')
    assert [job.registration_id for job in badges(batch)] == [reg.id for reg in reversed(people)]
    assert {(job.state, job.user_id, job.checked_in_dt) for job in badges(batch)} == {
        (S.queued, manager_user.id, None)}
    html = manager.get(f'{page}/batches/{batch.id}/').data.decode()
    assert '0 of 4' in html
    assert 'Desk 1' in html
    assert f'/batches/{batch.id}/' in manager.get(f'{page}/').data.decode()
    # a second click makes no second badge
    assert 'Badge waits or is on its way, skipped: 4.' in make(people)['html']
    assert (Job.query.count(), Batch.query.count()) == (4, 1)


def test_those_who_had_one(db, make, people, check_in, set_job):
    first, = check_in(people[0])
    set_job(first, state=S.completed, reason='printed')
    make(people[:2])
    assert [job.registration_id for job in badges(Batch.query.one())] == [people[1].id]
    make(people[:1], reprint='1')
    reprint = Job.query.filter_by(reprint_of_id=first.id).one()
    assert reprint.batch_id == Batch.query.order_by(Batch.id.desc()).first().id


def test_those_whose_other_badge_ended_without_paper(make, manager, people, check_in, set_job, page):
    """They had one all the same: another one is printed if somebody chooses so."""
    first, = check_in(people[0])
    set_job(first, state=S.completed, reason='printed')
    make(people[:1], reprint='1')
    manager.post(f'{page}/batches/{Batch.query.one().id}/cancel')
    assert escape('Already had one (skipped unless you choose "Print again"): 1.') in make(people[:1])['html']
    assert 'redirect' in make(people[:1], reprint='1')
    assert [job.reprint_of_id for job in badges(Batch.query.order_by(Batch.id.desc()).first())] == [first.id]


def test_several_desks_and_separators(db, event, make, people, desk):
    other = Desk(event_id=event.id, name='Desk 2')
    db.session.add(other)
    db.session.flush()
    make(people, desks=[desk.id, other.id], separators='1')
    batch = Batch.query.one()
    by_desk = [[job.registration_id or job.facts['text'] for job in badges(batch) if job.desk_id == d.id]
               for d in (desk, other)]
    assert by_desk == [['N', people[3].id, people[2].id], ['N', people[1].id, people[0].id]]


def test_a_desk_that_is_named_twice(db, make, people, desk):
    make(people, desks=[desk.id, desk.id])
    assert len(badges(Batch.query.one())) == len(people)


@pytest.mark.parametrize('change', [{'desks': []}, {'desks': ['999']}, {'order': 'x'}, {'order': ''}])
def test_bad_choices(make, people, change):
    assert 'data-error' in make(people, **change)['html']
    assert Batch.query.count() == 0


@pytest.mark.parametrize('ids', [['x'], ['1' * 10], [str(n) for n in range(5001)]])
def test_bad_people(manager, url, ids):
    assert manager.post(url, registration_id=ids).status_code == 400


def test_nothing_to_do(db, manager, url, people, form):
    assert 'Choose some registrations first.' in manager.post(url).json['html']
    form.enabled = False
    db.session.flush()
    assert 'switched off' in manager.post(url, registration_id=[people[0].id]).json['html']


def test_pause_resume_cancel(db, make, manager, people, page):
    make(people)
    batch = Batch.query.one()
    url = f'{page}/batches/{batch.id}'
    manager.post(f'{url}/pause', paused='1')
    assert {job.state for job in badges(batch)} == {S.held}
    live = manager.get(f'{url}/live').data.decode()
    assert 'Paused' in live
    assert 'Resume' in live
    manager.post(f'{url}/pause', paused='0')
    assert {job.state for job in badges(batch)} == {S.queued}
    manager.post(f'{url}/cancel')
    assert {job.state for job in badges(batch)} == {S.canceled}
    assert 'Cancelled: 4' in manager.get(f'{url}/live').data.decode()


def test_what_waits_in_a_batch_is_not_held_for_a_person(db, make, manager, people, page):
    make(people)
    batch = Batch.query.one()
    manager.post(f'{page}/batches/{batch.id}/pause', paused='1')
    assert 'Badges that wait' not in manager.get(f'{page}/').data.decode()
    manager.post(f'{page}/held/discard')
    assert {job.state for job in badges(batch)} == {S.held}


def test_so_many_batches_at_once(db, make, create_reg, mocker):
    mocker.patch.object(pages, 'MAX_OPEN', 2)
    for number in range(2):
        assert 'redirect' in make([create_reg(f'O{number}', 'Open')])
    assert '2 batches of this event have not ended.' in make([create_reg('Third', 'Open')])['html']
    db.session.execute(db.update(Job.__table__).values(state=S.completed))
    assert 'redirect' in make([create_reg('Fourth', 'Open')])


def test_an_open_batch_stays_listed(db, make, people, page, manager, mocker):
    """However many came and ended after it."""
    mocker.patch.object(progress, 'MAX_LISTED', 2)
    for person in people:
        make([person])
    first, *others = Batch.query.order_by(Batch.id).all()
    db.session.execute(db.update(Job.__table__).where(Job.batch_id.in_([batch.id for batch in others]))
                       .values(state=S.completed))
    html = manager.get(f'{page}/').data.decode()
    assert [f'/batches/{batch.id}/' in html for batch in (first, *others)] == [True, False, False, True]


def test_what_has_ended_is_counted_no_more(app, db, event, make, people, manager_user, statements):
    """Today is brought up to date every few seconds, and a batch has thousands of badges."""
    for person in people:
        make([person])
    first, *ended = Batch.query.order_by(Batch.id).all()

    def _list():
        db.session.expire_all()
        with app.test_request_context():
            session.set_session_user(manager_user)
            statements.clear()
            found = batches_of(event)
            assert {batch.registration_form.title for batch, __ in found}
        return found, [text for text in map(str, statements) if 'GROUP BY' in text], len(statements)

    __, counting, all_open = _list()
    assert len(counting) == 1
    db.session.execute(db.update(Job.__table__).where(Job.batch_id != first.id).values(state=S.completed))
    found, counting, one_open = _list()
    assert [(batch.id, progress and progress.total) for batch, progress in found] == [
        (first.id, 1), *((batch.id, None) for batch in reversed(ended))]
    assert (len(counting), one_open) == (1, all_open)
    db.session.execute(db.update(Job.__table__).values(state=S.completed))
    assert _list()[1] == []


def test_two_clicks_at_the_same_moment(app, make, people, dummy_regform, manager_user, mocker):
    """The second one judged the people before the first one was committed."""
    with app.test_request_context():
        session.set_session_user(manager_user)
        before = candidates_of(dummy_regform, [reg.id for reg in people])
    make(people)
    mocker.patch.object(pages, 'candidates_of', return_value=before)
    assert 'All of them have a badge by now' in make(people, separators='1')['html']
    assert (Job.query.count(), Batch.query.count()) == (4, 1)


def test_progress(db, make, people):
    make(people)
    batch = Batch.query.one()
    ids = [job.id for job in badges(batch)]
    for number, (state, ago) in enumerate([(S.completed, 60), (S.sent, 30), (S.failed, 10)]):
        db.session.execute(db.update(Job.__table__).where(Job.id == ids[number])
                           .values(state=state, changed_dt=now(-ago)))
    whole, parts = progress_of(batch)
    assert (whole.total, whole.printed, whole.under_way, whole.problems) == (4, 2, 1, 1)
    assert 0.9 < whole.per_minute <= 1
    assert whole.minutes_left == 2
    assert [part.desk for part in parts] == ['Desk 1']
    # nobody stood there for so long
    assert seconds_of(Job.query.populate_existing().filter_by(id=ids[0]).one()) is None
    assert Progress(4, 4, 0, 0, 0, 0, per_minute=3).minutes_left is None


@pytest.fixture
def candidates(app, dummy_regform, manager_user):
    """Return a function that returns the `Candidate` of some people, by registration and person."""
    def _candidates(people):
        with app.test_request_context():
            session.set_session_user(manager_user)
            found = candidates_of(dummy_regform, [reg.id for reg in people])
        return {(c.member.registration_id, c.member.person): c for c in found}
    return _candidates


def test_company_tag_and_accompanying_persons(db, event, people, dummy_regform, candidates, form):
    """An affiliation from Indico's list has an id as well. Whom the form gives no ticket of their own has no badge."""
    employer = dummy_regform.get_personal_data_field(PersonalDataType.affiliation, force=True)
    family = RegistrationFormField(registration_form=dummy_regform, parent=dummy_regform.sections[0], title='Family',
                                   input_type='accompanying_persons')
    for field in {employer, family}:
        field.data, field.versioned_data = field.field_impl.process_field_data({})
    db.session.flush()
    first, second, *__ = people
    for reg, field, data in ((first, employer, 'CERN'), (second, employer, {'id': 3, 'text': 'DESY'}),
                             (first, family, [{'id': 'abc', 'firstName': 'Kim', 'lastName': 'Akin'}])):
        db.session.add(RegistrationData(registration=reg, field_data=field.current_data, data=data))
    first.tags |= {RegistrationTag(title=title, color='red', event=event) for title in ('VIP', 'Speaker')}
    db.session.flush()
    found = candidates(people)
    assert len(found) == len(people)
    assert {c.kind for c in found.values()} == {Kind.first}
    member = found[first.id, ''].member
    assert (member.company, member.tag) == ('CERN', 'Speaker')
    assert found[second.id, ''].member.company == 'DESY'
    dummy_regform.tickets_for_accompanying_persons = True
    db.session.flush()
    kim = candidates(people)[first.id, 'abc'].member
    assert (kim.first_name, kim.last_name, kim.company) == ('Kim', 'Akin', 'CERN')
    form.kind = BadgeKind.ticket
    assert len(candidates(people)) == len(people)


def test_people_in_few_statements(app, db, people, create_reg, dummy_regform, manager_user, statements):
    def _count(people):
        db.session.flush()
        db.session.expire_all()
        with app.test_request_context():
            session.set_session_user(manager_user)
            ids = [reg.id for reg in people]
            statements.clear()
            assert len(candidates_of(dummy_regform, ids)) == len(people)
            return len(statements)

    assert _count(people[:3]) >= _count([*people, *(create_reg(f'M{n}', 'More') for n in range(40))]) - 3


def test_a_manager_who_may_see_some(db, make, manager, people, page, dummy_regform):
    hidden = people[0]

    def _only_others(regform, user, **kwargs):
        return Registration.id != hidden.id

    make(people[1:2])
    mine = Batch.query.one()
    make(people)
    theirs = Batch.query.order_by(Batch.id.desc()).first()
    with signals.event.filter_registration_list.connected_to(_only_others, sender=dummy_regform):
        assert manager.get(f'{page}/batches/{mine.id}/').status_code == 200
        for path in ('', 'live'):
            assert manager.get(f'{page}/batches/{theirs.id}/{path}').status_code == 403
        for path in ('pause', 'cancel'):
            assert manager.post(f'{page}/batches/{theirs.id}/{path}').status_code == 403
        today = manager.get(f'{page}/').data.decode()
        assert f'/batches/{mine.id}/' in today
        assert f'/batches/{theirs.id}/' not in today
        Job.query.delete()
        make(people)
        assert hidden.id not in {job.registration_id for job in Job.query}
