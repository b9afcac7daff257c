"""What a volunteer does about the badge of somebody whom they scanned: the buttons below the scan station's answer."""

from flask import flash, request, session
from werkzeug.exceptions import NotFound

from indico.core.plugins import url_for_plugin
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print import _
from indico_checkin_print.desk.base import RHVolunteerBase
from indico_checkin_print.desk.own_desk import own_desk
from indico_checkin_print.ledger.states import OUT
from indico_checkin_print.management.jobs.actions import RHRetryJob
from indico_checkin_print.management.jobs.held import RHReleaseJob, can_release
from indico_checkin_print.management.jobs.reprint import REASONS, RHCameOut, RHMissed, RHReprint
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.reasons.desk import DeskReason
from indico_checkin_print.routing.desk import DeskChoice
from indico_checkin_print.sql import notify_boards


def buttons(row):
    """Return the buttons for a badge, as JSON has them: each with its ``text`` and ``url``, perhaps with ``reasons``.

    :param row: A `JobRow`.
    """
    job = row.job
    if not _has_desk(job):
        return []

    def _button(text, what, **kwargs):
        return {'text': text, 'url': url_for_plugin(f'checkin_print.scan_{what}', job.event, job_id=job.id), **kwargs}

    if job.state == JobState.unknown:
        return [_button(_('It came out'), 'came_out'), _button(_('It did not come out: print it'), 'missed')]
    if job.state in OUT and row.can_reprint:
        reasons = [{'reason': reason, 'text': words} for reason, words in REASONS.items()]
        return [_button(_('Print again'), 'reprint', reasons=reasons)]
    if can_release(job):
        return [_button(_('Print it now'), 'release')]
    return [_button(_('Retry'), 'retry')] if row.can_retry else []


def _has_desk(job):
    """Return whether a badge is on the board of a desk, where the same can be done about it."""
    return job.webhook_id is None and job.desk is not None and not job.desk.is_deleted


def _has_newer(job):
    """Return whether another badge was asked for after this one; until the commit nobody asks for one.

    The buttons stay on the screen of a scan station, and another one may show the same.
    """
    Registration.query.filter_by(id=job.registration_id).with_for_update(key_share=True).first()
    return Job.query.filter(Job.registration_id == job.registration_id, Job.person == job.person,
                            Job.purpose == Job.PURPOSE_BADGE, Job.id > job.id).has_rows()


class ScanBadgeButton:
    """What makes a button of the manager's page one of the scan station: the badge comes out where the user stands."""

    PERMISSION = RHVolunteerBase.PERMISSION

    def _process_args(self):
        super()._process_args()
        if not _has_desk(self.job):
            raise NotFound
        self.desks = {self.job.desk_id}

    def _process(self):
        if _has_newer(self.job):
            flash(_('This person has a newer badge by now. Scan the ticket again.'), 'warning')
            return self._back_to_page()
        return super()._process()

    def _desk(self):
        mine = own_desk(self.event, session.user)
        # a printer that somebody chose for this print is at its own desk
        if mine is None or 'printer' in (self.job.facts or {}):
            return None
        self.desks.add(mine.desk_id)
        return DeskChoice(mine.desk_id, DeskReason.volunteer)

    def _back_to_page(self, follow=None):
        # the board that it leaves has to know as well
        notify_boards(self.desks)
        return super()._back_to_page(follow)

    def _page_of_button(self):
        return url_for_plugin('checkin_print.scan_station', self.event)


class _ReprintAtOnce(RHReprint):
    """Print another badge for the reason that the button says, without a dialog."""

    def _process(self):
        reason = Reason.get(request.form.get('reason'))
        if reason not in REASONS:
            flash(_('Choose a reason.'), 'warning')
            return self._back_to_page()
        return self._back_to_page(follow=self._reprint(reason))


class RHScanReprint(ScanBadgeButton, _ReprintAtOnce):
    """Print another badge like one that came out, for the reason that the form says."""


class RHScanCameOut(ScanBadgeButton, RHCameOut):
    """Note that a badge came out of which nobody knew."""


class RHScanMissed(ScanBadgeButton, RHMissed):
    """Note that a badge did not come out of which nobody knew, and print it."""


class RHScanRetry(ScanBadgeButton, RHRetryJob):
    """Print a badge after all that failed, expired or was cancelled."""


class RHScanRelease(ScanBadgeButton, RHReleaseJob):
    """Print one badge that is held."""
