"""The URLs of the volunteers' pages."""

from indico_checkin_print.desk.my_desk import RHLeaveDesk, RHMyDesk, RHShortLink, RHTakeDesk
from indico_checkin_print.desk.posters import RHPosters


PREFIX = '/event/<int:event_id>/desk'


def add_desk_urls(blueprint):
    """Add the pages to the plugin's blueprint."""
    def _add(rule, endpoint, rh, *methods):
        blueprint.add_url_rule(PREFIX + rule, endpoint, rh, methods=methods)

    _add('/', 'my_desk', RHMyDesk, 'GET')
    _add('/<int:desk_id>/', 'take_desk', RHTakeDesk, 'GET', 'POST')
    _add('/leave', 'leave_desk', RHLeaveDesk, 'POST')
    _add('/posters', 'posters', RHPosters, 'GET')
    # short enough to be typed from the page on the wall
    blueprint.add_url_rule('/desk/<int:desk_id>', 'short_link', RHShortLink)
