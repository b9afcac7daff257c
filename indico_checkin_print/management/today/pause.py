"""Pausing: badges wait while an event, or one desk of it, is paused."""

from flask import flash, request, session

from indico.core.db import db
from indico.modules.logs.models.entries import LogKind

from indico_checkin_print import _, kick, ledger
from indico_checkin_print.management.base import RHCheckinPrintBase, RHDeskBase
from indico_checkin_print.management.setup.when import lock_setup
from indico_checkin_print.management.visibility import count_visible
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.sql import notify, notify_boards


class RHPauseEvent(RHCheckinPrintBase):
    """Pause or resume the printing of the event."""

    def _process(self):
        setup = lock_setup(self.event)
        paused = _wanted()
        if setup.paused == paused:
            return self._back_to_page()
        setup.paused = paused
        db.session.flush()
        notify(db.func.concat('desk ', Desk.id), Desk.event_id == self.event.id)
        if paused:
            # the page's banner says what that means
            ledger.hold_paused(self.event.id, f'user:{session.user.id}')
            self._log(LogKind.negative, 'Printing paused')
        else:
            # desks that are paused themselves stay so
            desks = Desk.query.filter_by(event_id=self.event.id, paused=False)
            released = _release(self.event, [desk.id for desk in desks])
            self._log(LogKind.positive, 'Printing resumed')
            flash(_('Printing resumed. Badges that waited for this: {}').format(count_visible(self.event, released)),
                  'success')
        return self._back_to_page()


class RHPauseDesk(RHDeskBase):
    """Pause or resume the printing at one desk."""

    def _process(self):
        # the setup's lock keeps an event from being paused or resumed at the same moment
        setup = lock_setup(self.event)
        db.session.refresh(self.desk)
        paused = _wanted()
        if self.desk.paused == paused:
            return self._back_to_page()
        self.desk.paused = paused
        db.session.flush()
        notify_boards([self.desk.id])
        name = self.desk.name
        if paused:
            ledger.hold_paused(self.event.id, f'user:{session.user.id}')
            self._log(LogKind.negative, f'Printing at the desk "{name}" paused')
        elif setup.paused:
            self._log(LogKind.positive, f'Printing at the desk "{name}" resumes when the event does')
            flash(_('Printing at "{}" resumes when printing for the whole event does.').format(name), 'success')
        else:
            released = _release(self.event, [self.desk.id])
            self._log(LogKind.positive, f'Printing at the desk "{name}" resumed')
            flash(_('Printing at "{name}" resumed. Badges that waited for this: {count}')
                  .format(name=name, count=count_visible(self.event, released)), 'success')
        return self._back_to_page()


def wait_if_paused(event, job_ids):
    """Hold those of some badges, queued just now, whose event or desk is paused; notify the user. Return their ids.

    One badge that a person asks for prints during a pause: somebody stands there. Of many, nobody expects that.
    """
    waiting = ledger.hold_paused(event.id, f'user:{session.user.id}', job_ids=list(job_ids))
    if waiting:
        flash(_('Printing is paused. Badges that wait until it resumes: {}').format(len(waiting)), 'warning')
    return set(waiting)


def _wanted():
    # what the button said, because another manager may have pressed it a moment ago
    return request.form.get('paused') == '1'


def _release(event, desk_ids):
    released = [id_ for desk_id in desk_ids
                for id_ in ledger.release_paused(event.id, f'user:{session.user.id}', desk_id=desk_id)]
    kick.after_commit()
    return released
