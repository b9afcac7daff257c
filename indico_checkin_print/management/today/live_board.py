"""The live board: all desks of an event on one screen, for the wall or for the person in charge."""

from sqlalchemy.orm import joinedload, selectinload

from indico.util.string import natural_sort_key
from indico.web.flask.util import url_for

from indico_checkin_print import _
from indico_checkin_print.diagnostics.standstill import standstills
from indico_checkin_print.management.base import RHCheckinPrintBase, WPWithoutMenus, static
from indico_checkin_print.management.setup.when import setup_of
from indico_checkin_print.management.status import desk_statuses
from indico_checkin_print.management.today.figures import Figures, figures_of
from indico_checkin_print.management.visibility import visible
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import JobState


class WPLiveBoard(WPWithoutMenus):
    """The page of the live board."""

    def get_extra_css_files(self):
        return [static(x) for x in ('event_page.css', 'live_board.css')]

    def get_extra_js_files(self):
        return [static('live.js')]


class RHLiveBoard(RHCheckinPrintBase):
    """Show the live board."""

    def _process(self):
        return WPLiveBoard.render_template('live_board.html', title=_('Live board'), **board_of(self.event))


class RHLiveBoardNow(RHCheckinPrintBase):
    """Return the part of the live board that changes; the page's script asks for it."""

    def _process(self):
        return WPLiveBoard.render_template_func('live_board_now.html', **board_of(self.event))


def board_of(event):
    """Return what the templates of the live board need."""
    desks = (Desk.query.filter_by(event_id=event.id, is_deleted=False)
             .options(joinedload(Desk.webhook), selectinload(Desk.printers)).all())
    desks.sort(key=lambda desk: natural_sort_key(desk.name))
    conditions = visible(event)
    figures = figures_of(event.id, conditions)
    stands_still = {item.desk.id: item for item in standstills(desks, conditions)}
    return {'event': event, 'total': figures.get('all', Figures()), 'paused': setup_of(event).paused,
            'rows': [(desk, figures.get(desk.id, Figures()), stands_still.get(desk.id)) for desk in desks],
            'no_desk': figures.get(None, Figures()), 'desk_statuses': desk_statuses,
            'jobs_url': _jobs_url(event), 'JobState': JobState}


def _jobs_url(event):
    """Return the function that says where badges in a state, at a desk or at all, are dealt with."""
    def _url(state, desk=None):
        place = {'at': f'desk-{desk.id}'} if desk is not None else {}
        return url_for('plugin_checkin_print.jobs', event, state=state.name, **place)
    return _url
