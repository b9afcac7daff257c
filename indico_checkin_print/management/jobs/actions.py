"""What a manager does about a job that did not print, or shall not."""

from flask import flash, session

from indico_checkin_print import _, kick, ledger, sql
from indico_checkin_print.management.base import RHJobBase
from indico_checkin_print.management.jobs.held import has_desk
from indico_checkin_print.management.jobs.rows import can_retry


class RHRetryJob(RHJobBase):
    """Print a badge after all that failed, expired or was canceled."""

    def _process(self):
        may = can_retry(self.job)
        if may and self.job.webhook_id is None and not has_desk(self.event):
            flash(_('There is no desk to print at. Add one first.'), 'error')
        elif may and ledger.retry(self.job, session.user, self._desk()):
            kick.after_commit()
            flash(_('The badge is printed again.'), 'success')
        else:
            flash(_('The badge has changed in the meantime.'), 'warning')
        return self._back_to_page()


class RHDiscardJob(RHJobBase):
    """End a job that nobody wants any more."""

    def _process(self):
        agent_id = self.job.agent_id
        if ledger.discard([self.job], session.user):
            if agent_id is not None:
                # it must not keep the badge
                sql.notify_agents([agent_id])
            flash(_('The badge has been discarded.'), 'success')
        else:
            flash(_('Too late: the badge has changed in the meantime.'), 'warning')
        return self._back_to_page()
