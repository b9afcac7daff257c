"""The tech's answers to desks that call."""

from flask import flash, session

from indico_checkin_print import _, calls
from indico_checkin_print.management.base import RHDeskBase


class RHAnswerCall(RHDeskBase):
    """Answer that one is on the way to a desk."""

    def _process(self):
        if calls.answer(self.desk, session.user.full_name):
            flash(_('"{}" sees that you are on your way.').format(self.desk.name), 'success')
        else:
            flash(_('Somebody else has answered in the meantime.'), 'warning')
        return self._back_to_page()


class RHEndCall(RHDeskBase):
    """End the call of a desk: what it was about is done."""

    def _process(self):
        if calls.end(self.desk):
            flash(_('Done at "{}".').format(self.desk.name), 'success')
        else:
            flash(_('Somebody else has ended it in the meantime.'), 'warning')
        return self._back_to_page()
