"""Which desk a badge goes to: one rule for a check-in, a reprint, and what was held for want of a desk."""

import pytest

from indico_checkin_print import ledger
from indico_checkin_print.ledger.desks import desks_for_jobs
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.states import JobState as S
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing.desk import DeskChoice, DeskFacts, DeskReason, choose_desk


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.mark.parametrize(('facts', 'desk_id', 'reason'), [
    ({}, 1, DeskReason.default),
    ({'form_desk': 2}, 2, DeskReason.form),
    ({'form_desk': 2, 'earlier_desk': 3}, 3, DeskReason.earlier),
    # what was deleted is no desk
    ({'form_desk': 9}, 1, DeskReason.default),
    ({'form_desk': 2, 'earlier_desk': 9}, 2, DeskReason.form),
    ({'desks': frozenset()}, None, DeskReason.none),
    ({'desks': frozenset(), 'form_desk': 2, 'earlier_desk': 3}, None, DeskReason.none),
])
def test_choose_desk(facts, desk_id, reason):
    assert choose_desk(DeskFacts(**{'desks': frozenset({1, 2, 3}), **facts})) == DeskChoice(desk_id, reason)


@pytest.fixture
def second_desk(db, dummy_event, desk):
    desk = Desk(event_id=dummy_event.id, name='Desk 2')
    db.session.add(desk)
    db.session.flush()
    return desk


@pytest.mark.parametrize('chosen', ['form', 'default'])
def test_every_way_finds_the_same_desk(db, check_in, create_reg, form, desk, second_desk, chosen):
    """The check-in, the page of a registration, and a job that is queued once more ask one function."""
    expected = desk
    if chosen == 'form':
        form.desk = expected = second_desk
    job, = check_in(create_reg())
    assert job.desk_id == expected.id
    assert ledger.desk_for_form(form.registration_form) == DeskChoice(expected.id, DeskReason(chosen))
    assert desks_for_jobs([job.id]) == {job.id: DeskChoice(expected.id, DeskReason.earlier)}
    expected.is_deleted = True
    form.desk = None
    db.session.flush()
    left = second_desk if expected is desk else desk
    assert desks_for_jobs([job.id]) == {job.id: DeskChoice(left.id, DeskReason.default)}


def test_release_gives_each_job_its_desk(db, check_in, create_reg, form, desk, second_desk, dummy_user):
    first, = check_in(create_reg(first_name='A'))
    form.desk = second_desk
    second, = check_in(create_reg(first_name='B'))
    ledger.discard([first, second], dummy_user)
    db.session.expire_all()
    assert ledger.release([first, second], 'test') == [first.id, second.id]
    db.session.expire_all()
    assert [(job.state, job.desk_id) for job in (first, second)] == [(S.queued, desk.id), (S.queued, second_desk.id)]


def test_a_message_to_a_webhook_goes_to_no_desk(db, check_in, reg, webhook, dummy_user):
    badge, message = check_in(reg)
    assert desks_for_jobs([badge.id, message.id]).keys() == {badge.id}
    ledger.discard([message], dummy_user)
    db.session.expire_all()
    ledger.release([message], 'test')
    db.session.refresh(message)
    assert (message.state, message.desk_id) == (S.queued, None)


def test_a_new_desk_takes_what_was_held_for_want_of_one(db, check_in, reg, desk):
    desk.is_deleted = True
    db.session.flush()
    job, = check_in(reg)
    assert ledger.sweep() == 0
    desk.is_deleted = False
    db.session.flush()
    assert ledger.sweep() == 1
    db.session.refresh(job)
    assert (job.state, job.reason, job.desk_id) == (S.queued, Reason.desk_found, desk.id)
