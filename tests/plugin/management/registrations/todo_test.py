"""What is done about one person's badge when somebody asks for it."""

import pytest

from indico_checkin_print.management.registrations.todo import Todo, decide
from indico_checkin_print.models.choices import UnpaidPolicy
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason


pytestmark = pytest.mark.usefixtures('no_kick')

S = JobState


@pytest.mark.parametrize(('state', 'reason', 'facts', 'todo'), [
    (None, '', {}, Todo.first),
    (None, '', {'has_desk': False}, Todo.no_desk),
    (None, '', {'checked_in': False}, Todo.not_checked_in),
    (None, '', {'checked_in': False, 'early': True}, Todo.early),
    (None, '', {'checked_in': False, 'early': True, 'has_desk': False}, Todo.no_desk),
    (None, '', {'early': True}, Todo.first),
    (S.canceled, 'check_in_undone', {'same_checkin': False, 'checked_in': False, 'early': True}, Todo.early),
    (S.held, Reason.in_batch, {'checked_in': False, 'early': True}, Todo.under_way),
    (None, '', {'allowed': False}, Todo.not_allowed),
    (None, '', {'unpaid': UnpaidPolicy.skip}, Todo.not_paid),
    (None, '', {'unpaid': UnpaidPolicy.skip, 'checked_in': False, 'early': True}, Todo.not_paid),
    (None, '', {'unpaid': UnpaidPolicy.skip, 'allowed': False}, Todo.not_allowed),
    (S.canceled, 'not_paid', {'unpaid': UnpaidPolicy.skip}, Todo.not_paid),
    (None, '', {'unpaid': UnpaidPolicy.hold}, Todo.unpaid),
    (None, '', {'unpaid': UnpaidPolicy.hold, 'checked_in': False, 'early': True}, Todo.unpaid),
    (None, '', {'unpaid': UnpaidPolicy.hold, 'has_desk': False}, Todo.no_desk),
    (S.held, Reason.unpaid, {'unpaid': UnpaidPolicy.hold}, Todo.release),
    (S.completed, 'printed', {'unpaid': UnpaidPolicy.hold}, Todo.reprint),
    (None, '', {'unpaid': UnpaidPolicy.print}, Todo.first),
    (S.completed, 'printed', {}, Todo.reprint),
    (S.completed, 'printed', {'checked_in': False, 'same_checkin': False}, Todo.reprint),
    (S.completed, 'printed', {'has_desk': False}, Todo.no_desk),
    (S.sent, 'handed_over', {}, Todo.reprint),
    (S.unknown, 'go_timeout', {}, Todo.reprint),
    (S.held, Reason.bulk, {}, Todo.release),
    (S.held, Reason.already_printed, {}, Todo.release),
    (S.held, Reason.no_desk, {}, Todo.release),
    (S.held, Reason.no_desk, {'has_desk': False}, Todo.no_desk),
    (S.held, Reason.paused, {}, Todo.release),
    (S.held, Reason.paused, {'paused': True}, Todo.waits),
    (S.held, Reason.bulk, {'paused': True}, Todo.release),
    (S.failed, 'printer_failed', {}, Todo.retry),
    (S.expired, 'too_old', {}, Todo.retry),
    (S.canceled, 'discarded', {}, Todo.retry),
    # that of a check-in that was undone
    (S.canceled, 'check_in_undone', {'same_checkin': False}, Todo.first),
    (S.canceled, 'check_in_undone', {'same_checkin': False, 'checked_in': False}, Todo.not_checked_in),
    (S.queued, 'checked_in', {}, Todo.under_way),
    (S.rendering, 'claimed', {}, Todo.under_way),
    (S.ready, 'rendered', {}, Todo.under_way),
    (S.dispatched, 'pushed', {}, Todo.under_way),
    (S.printing, 'at_printer', {}, Todo.under_way),
])
def test_decide(state, reason, facts, todo):
    job = Job(state=state, reason=reason) if state else None
    assert decide(job, **{'checked_in': True, 'same_checkin': True, 'allowed': True, 'has_desk': True} | facts) == todo
