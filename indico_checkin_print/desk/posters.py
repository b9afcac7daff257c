"""Pages to print for the wall: the QR code and the short link of each desk."""

from flask import request
from werkzeug.exceptions import NotFound

from indico.core.plugins import url_for_plugin

from indico_checkin_print import _
from indico_checkin_print.desk.base import RHVolunteerBase, WPVolunteer
from indico_checkin_print.management.qr_code import qr_code
from indico_checkin_print.models.desks import Desk


class RHPosters(RHVolunteerBase):
    """Show one page for each desk, or for the one that the argument ``desk`` names."""

    def _process(self):
        desks = Desk.query.filter_by(event_id=self.event.id, is_deleted=False).order_by(Desk.id)
        if 'desk' in request.args:
            desks = desks.filter_by(id=request.args.get('desk', type=int))
            if not desks.has_rows():
                raise NotFound
        posters = [(desk, link, qr_code(link)) for desk in desks
                   for link in (url_for_plugin('checkin_print.short_link', desk_id=desk.id, _external=True),)]
        return WPVolunteer.render_template('posters.html', event=self.event, title=_('QR codes of the desks'),
                                           posters=posters)
