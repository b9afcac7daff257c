"""The board of one desk: its state, its last people, and what a volunteer does about both."""

from hashlib import sha256

from flask import current_app, flash, jsonify, request, session
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from indico.core.cache import make_scoped_cache
from indico.core.plugins import url_for_plugin
from indico.util.date_time import now_utc
from indico.util.i18n import get_current_locale

from indico_checkin_print import _, calls, heartbeat, settings
from indico_checkin_print.desk import board_tickets, board_view
from indico_checkin_print.desk.base import RHVolunteerBase, WPVolunteer
from indico_checkin_print.desk.board_tickets import Ticket
from indico_checkin_print.desk.own_desk import own_desk
from indico_checkin_print.management.base import RHDeskBase, static
from indico_checkin_print.management.jobs.actions import RHRetryJob
from indico_checkin_print.management.jobs.held import RHReleaseJob
from indico_checkin_print.management.jobs.reprint import REASONS, RHCameOut, RHMissed, RHReprint
from indico_checkin_print.management.today.pause import RHPauseDesk
from indico_checkin_print.management.visibility import sees_all, visible
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import notify_boards


#: Where no relay runs, all boards of a desk that show the same ask for it: it is drawn once in so many seconds.
CACHE_TIMEOUT = 1
_cache = make_scoped_cache('checkin-print-boards')


class WPBoard(WPVolunteer):
    """The board: it stays up to date, and its buttons answer in place."""

    def get_extra_css_files(self):
        return [static('event_page.css'), *WPVolunteer.get_extra_css_files(self), static('board.css')]

    def get_extra_js_files(self):
        return [*WPVolunteer.get_extra_js_files(self), *map(static, ('live.js', 'in_place.js', 'board.js'))]


class RHBoardBase(RHVolunteerBase):
    """Base class of what shows one desk."""

    def _process_args(self):
        RHVolunteerBase._process_args(self)
        self.desk = (Desk.query
                     .filter_by(event_id=self.event.id, id=request.view_args['desk_id'], is_deleted=False)
                     .first_or_404())


class RHBoard(RHBoardBase):
    """Show the board of a desk."""

    def _process(self):
        mine = own_desk(self.event, session.user)
        return WPBoard.render_template('board.html', title=self.desk.name, mine=mine.desk if mine else None,
                                       now=now_utc(), desk=self.desk, event=self.event,
                                       # its own templates have escaped it
                                       live=Markup(_draw(self.desk, visible(self.event))))  # noqa: S704


class RHBoardLive(RHBoardBase):
    """Return the parts of a board that change; 304 to who has them already."""

    def _process(self):
        html = _live_html(self.desk)
        response = current_app.response_class(html, mimetype='text/html')
        response.set_etag(sha256(html.encode()).hexdigest()[:32])
        return response.make_conditional(request)


def _live_html(desk):
    conditions = visible(desk.event)
    if conditions:
        # what is kept is for those who may see everybody
        return _draw(desk, conditions)
    key = _cache_key(desk)
    html = _cache.get(key)
    if html is None:
        html = _draw(desk)
        _cache.set(key, html, CACHE_TIMEOUT)
    return html


def _draw(desk, conditions=()):
    return board_view.render(board_view.find_desk(desk.event_id, desk.id), conditions)


def _cache_key(desk):
    return f'{desk.id}-{get_current_locale()}'


class RHBoardTicket(RHBoardBase):
    """Return where the relay is and a ticket for it; no address where none runs."""

    def _process(self):
        if not heartbeat.relay_runs():
            return jsonify(url=None)
        ticket = Ticket(event_id=self.event.id, desk_id=self.desk.id, user_id=session.user.id,
                        lang=str(get_current_locale()), sees_all=sees_all(self.event))
        return jsonify(url=settings.relay_url(), ticket=board_tickets.issue(ticket))


class BoardButton:
    """What makes a button of the manager's page one of the board: a volunteer may press it, and it leads back there."""

    PERMISSION = RHVolunteerBase.PERMISSION

    def _back_to_page(self, follow=None):
        # this browser asks at once, and wants to see what it did
        _cache.delete(_cache_key(self.desk))
        notify_boards([self.desk.id])
        return super()._back_to_page(follow)

    def _page_of_button(self):
        return url_for_plugin('checkin_print.board', self.desk)


class BoardJobButton(BoardButton):
    """The same for a button of one badge of the desk."""

    def _process_args(self):
        super()._process_args()
        self.desk = self.job.desk
        if (self.desk is None or self.desk.id != request.view_args['desk_id'] or self.desk.is_deleted
                or self.job.webhook_id is not None):
            raise NotFound


class RHBoardPause(BoardButton, RHPauseDesk):
    """Pause or resume the printing at the desk."""


class RHBoardReprint(BoardJobButton, RHReprint):
    """Print another badge like one that came out, for the reason that the button says."""

    def _process(self):
        reason = Reason.get(request.form.get('reason'))
        if reason not in REASONS:
            flash(_('Choose a reason.'), 'warning')
            return self._back_to_page()
        job = self._reprint(reason)
        return self._back_to_page(follow=job)


class RHBoardCameOut(BoardJobButton, RHCameOut):
    """Note that a badge came out of which nobody knew."""


class RHBoardMissed(BoardJobButton, RHMissed):
    """Note that a badge did not come out of which nobody knew, and print it."""


class RHBoardRetry(BoardJobButton, RHRetryJob):
    """Print a badge after all that failed, expired or was cancelled."""


class RHBoardRelease(BoardJobButton, RHReleaseJob):
    """Print one badge that is held."""


class RHBoardCall(BoardButton, RHDeskBase):
    """Call the tech to the desk."""

    def _process(self):
        if calls.call(self.desk, session.user):
            flash(_('The tech has been called.'), 'success')
        return self._back_to_page()


class RHBoardEndCall(BoardButton, RHDeskBase):
    """End the call: the tech is not needed any more."""

    def _process(self):
        calls.end(self.desk)
        return self._back_to_page()
