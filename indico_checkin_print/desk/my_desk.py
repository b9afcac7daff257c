"""*My desk*: where the badges of those whom a volunteer checks in come out."""

from flask import redirect, request, session

from indico.core.plugins import url_for_plugin
from indico.util.date_time import now_utc
from indico.web.rh import RHProtected

from indico_checkin_print import _
from indico_checkin_print.desk.base import RHVolunteerBase, WPVolunteer
from indico_checkin_print.desk.own_desk import choose, leave, own_desk
from indico_checkin_print.desk.walk_in import may_register
from indico_checkin_print.management.setup.devices import devices_of
from indico_checkin_print.models.desks import Desk


class RHMyDesk(RHVolunteerBase):
    """Show the volunteer's desk, and let them choose another one or leave."""

    def _process(self):
        mine = own_desk(self.event, session.user)
        desks = Desk.query.filter_by(event_id=self.event.id, is_deleted=False).order_by(Desk.id).all()
        devices = [x for x in devices_of(self.event) if x.user == session.user and x.device.desk is not None]
        return WPVolunteer.render_template('my_desk.html', event=self.event, title=_('My desk'), desks=desks,
                                           devices=devices, mine=mine.desk if mine else None, today=now_utc(),
                                           may_register=may_register(self.event))


class RHTakeDesk(RHVolunteerBase):
    """Make a desk the volunteer's own. The QR code on the wall leads here.

    A link must not change anything, because programs and other sites can open it, too. So the page sends its form
    itself, and nobody has to press anything.
    """

    def _process_args(self):
        RHVolunteerBase._process_args(self)
        self.desk = (Desk.query
                     .filter_by(event_id=self.event.id, id=request.view_args['desk_id'], is_deleted=False)
                     .first_or_404())

    def _process_GET(self):
        return WPVolunteer.render_template('take_desk.html', event=self.event, title=self.desk.name, desk=self.desk)

    def _process_POST(self):
        choose(self.desk, session.user)
        return redirect(url_for_plugin('checkin_print.my_desk', self.event))


class RHLeaveDesk(RHVolunteerBase):
    """End the volunteer's choice of a desk."""

    def _process(self):
        leave(self.event, session.user)
        return redirect(url_for_plugin('checkin_print.my_desk', self.event))


class RHShortLink(RHProtected):
    """Lead from the short link of a desk, which can be typed, to its page. That one asks who may."""

    def _process(self):
        desk = Desk.query.filter_by(id=request.view_args['desk_id'], is_deleted=False).first_or_404()
        return redirect(url_for_plugin('checkin_print.take_desk', desk))
