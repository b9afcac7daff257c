"""The devices that check people in: which there are, and which desk each is assigned to."""

from dataclasses import dataclass
from datetime import datetime

from flask import flash, request
from wtforms.fields import SelectField, StringField
from wtforms.validators import Length

from indico.core.oauth.models.personal_tokens import PersonalToken
from indico.core.oauth.models.tokens import OAuthToken
from indico.modules.logs.models.entries import LogKind
from indico.modules.users import User
from indico.web.forms.base import FormDefaults
from indico.web.util import jsonify_data, jsonify_form

from indico_checkin_print import _
from indico_checkin_print.management.base import DialogForm, RHCheckinPrintBase
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.devices import Device


@dataclass(frozen=True)
class DeviceRow:
    """A device with what its token says."""

    device: Device
    #: The application, or the name of the personal token
    token_name: str
    user: User
    #: When its token was last used
    seen_dt: datetime

    @property
    def name(self):
        return self.device.name or _('Device {}').format(self.device.id)


def devices_of(event):
    """Return a `DeviceRow` for each device of an event whose token is good, the one that was last used first."""
    devices = {device.token: device for device in Device.query.filter_by(event_id=event.id)}
    rows = [DeviceRow(devices[f'{Device.APP}{token.id}'], token.application.name, token.user, _seen(token))
            for token in OAuthToken.query.filter(OAuthToken.id.in_(_ids(devices, Device.APP)))]
    rows += [DeviceRow(devices[f'{Device.PERSONAL}{token.id}'], token.name, token.user, _seen(token))
             for token in PersonalToken.query.filter(PersonalToken.id.in_(_ids(devices, Device.PERSONAL)),
                                                     PersonalToken.revoked_dt.is_(None))]
    return sorted(rows, key=lambda row: row.seen_dt, reverse=True)


def _ids(tokens, kind):
    return [int(token.removeprefix(kind)) for token in tokens if token.startswith(kind)]


def _seen(token):
    # Indico writes it after the first request
    return token.last_used_dt or token.created_dt


class DeviceForm(DialogForm):
    """What a device is called, and where the badges of those whom it checks in come out."""

    name = StringField(_('Name'), [Length(max=100)],
                       description=_('What is written on it, such as "Phone 3".'))
    desk_id = SelectField(_('Desk'), coerce=int,
                          description=_('Badges of those whom this device checks in come out there, whatever desk its '
                                        'user has chosen.'))

    def __init__(self, *args, event, **kwargs):
        super().__init__(*args, event=event, **kwargs)
        desks = Desk.query.filter_by(event_id=event.id, is_deleted=False).order_by(Desk.id)
        self.desk_id.choices = [(0, _("No desk: its user's, that of a rule, or that of the form")),
                                *((desk.id, desk.name) for desk in desks)]


class RHEditDevice(RHCheckinPrintBase):
    """Change the name and the desk of a device."""

    def _process_args(self):
        RHCheckinPrintBase._process_args(self)
        self.device = (Device.query.filter_by(event_id=self.event.id, id=request.view_args['device_id'])
                       .filter(~Device.token.startswith(Device.KIOSK))  # kiosks have a dialog of their own
                       .first_or_404())

    def _process(self):
        form = DeviceForm(event=self.event, target=self.device,
                          obj=FormDefaults(name=self.device.name, desk_id=self.device.desk_id or 0))
        if not form.validate_on_submit():
            return jsonify_form(form)
        self.device.name = form.name.data or ''
        self.device.desk = Desk.query.get(form.desk_id.data) if form.desk_id.data else None
        name, desk = self.device.name or f'Device {self.device.id}', self.device.desk
        self._log(LogKind.change, f'Device "{name}" changed', desk=desk.name if desk else '-')
        flash((_('What "{}" checks in comes out at "{}" now.') if desk else _('"{}" has no desk of its own now.'))
              .format(name, desk and desk.name), 'success')
        return jsonify_data(flash=False)
