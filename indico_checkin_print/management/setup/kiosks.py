"""Kiosks: pages for self-service, from their one-time code to their revocation."""

from uuid import uuid4

from flask import flash, request
from sqlalchemy.orm import joinedload
from wtforms.fields import SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from indico.core.config import config
from indico.core.db import db
from indico.core.plugins import url_for_plugin
from indico.modules.logs.models.entries import LogKind
from indico.util.date_time import format_datetime
from indico.web.forms.base import FormDefaults
from indico.web.forms.fields import IndicoSelectMultipleCheckboxField
from indico.web.util import jsonify_data, jsonify_form, jsonify_template

from indico_checkin_print import _
from indico_checkin_print.management.base import DialogForm, RHCheckinPrintBase, WPCheckinPrint, action_form
from indico_checkin_print.management.qr_code import qr_code
from indico_checkin_print.management.setup.languages import page_languages
from indico_checkin_print.management.status import Status, pairing_status
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.devices import Device
from indico_checkin_print.models.kiosks import Kiosk
from indico_checkin_print.models.pairing import CODE_LIFETIME


def kiosks_of(event):
    """Return the kiosks of an event, those that were revoked last."""
    return (_kiosks(event).options(joinedload('device').joinedload('desk'))
            .order_by(Kiosk.revoked_dt.isnot(None), Kiosk.device_id).all())


def _kiosks(event):
    return Kiosk.query.join(Device, Device.id == Kiosk.device_id).filter(Device.event_id == event.id)


def kiosk_status(kiosk, tzinfo):
    """Return whether the page of a kiosk is open."""
    if not kiosk.is_paired:
        return pairing_status(kiosk, tzinfo)
    if kiosk.is_heard_of:
        return Status(_('Open'), 'success')
    return Status(_('Not open'), 'error',
                  _('Last seen {}').format(format_datetime(kiosk.seen_dt, 'medium', timezone=tzinfo)))


class KioskForm(DialogForm):
    """What a kiosk is called, where its badges come out, and the languages of its page."""

    name = StringField(_('Name'), [DataRequired(), Length(max=100)],
                       description=_('How you recognize it, such as "Entrance left". The desk sees it if somebody '
                                     'calls from there.'))
    desk_id = SelectField(_('Desk'), [InputRequired()], coerce=int,
                          description=_('Where the badges come out, and whom "Something is wrong" calls.'))
    place = StringField(_('Your badge comes out …'), [Length(max=60)],
                        description=_('How the sentence ends, such as "to the right" or "behind you, at the blue '
                                      'table". If the desk has several printers, the number of the printer is added.'))
    languages = IndicoSelectMultipleCheckboxField(_('Languages'), [InputRequired()],
                                                  description=_('People choose among them. The page begins with the '
                                                                'first one.'))

    def __init__(self, *args, event, **kwargs):
        super().__init__(*args, event=event, **kwargs)
        self.desk_id.choices = [(x.id, x.name) for x in _desks(event)]
        own = event.default_locale or config.DEFAULT_LOCALE
        self.languages.choices = [(code, f'{name} ({territory})' if ambiguous and territory else name)
                                  for code, (name, territory, ambiguous) in sorted(
                                      page_languages().items(), key=lambda x: (x[0] != own, x[1]))]

    def validate_name(self, field):
        query = _kiosks(self.event).filter(Kiosk.revoked_dt.is_(None),
                                           db.func.lower(Device.name) == db.func.lower(field.data))
        if self.target is not None:
            query = query.filter(Kiosk.device_id != self.target.device_id)
        if query.has_rows():
            raise ValidationError(_('Another kiosk has this name.'))

    def fill(self, kiosk):
        """Write what was chosen to a kiosk."""
        kiosk.device.name = self.name.data
        kiosk.device.desk_id = self.desk_id.data
        kiosk.place = (self.place.data or '').strip().rstrip('.')
        chosen = set(self.languages.data)
        kiosk.languages = [code for code, __ in self.languages.choices if code in chosen]


def _desks(event):
    return Desk.query.filter_by(event_id=event.id, is_deleted=False).order_by(Desk.id).all()


def _languages_to_begin_with(event):
    known = page_languages()
    wanted = [event.default_locale or config.DEFAULT_LOCALE, *event.supported_locales]
    return [x for x in dict.fromkeys(wanted) if x in known] or list(known)[:1]


class RHKioskBase(RHCheckinPrintBase):
    """Base class for one kiosk of the event."""

    TAB = 'setup'

    def _process_args(self):
        RHCheckinPrintBase._process_args(self)
        self.kiosk = _kiosks(self.event).filter(Kiosk.device_id == request.view_args['kiosk_id']).first_or_404()


class RHAddKiosk(RHCheckinPrintBase):
    """Add a kiosk and show the code that pairs it."""

    FOR_EVERYBODY = True

    def _process(self):
        self._check_limit(_kiosks(self.event))
        desk = next(iter(_desks(self.event)), None)
        form = KioskForm(event=self.event, obj=FormDefaults(
            desk_id=desk.id if desk else None, languages=_languages_to_begin_with(self.event)))
        if form.validate_on_submit():
            device = Device(event=self.event, token=f'{Device.KIOSK}{uuid4().hex}', name='')
            kiosk = Kiosk(device=device)
            form.fill(kiosk)
            db.session.add(kiosk)
            self._log(LogKind.positive, f'Kiosk "{kiosk.name}" added', languages=', '.join(kiosk.languages))
            return _show_new_code(kiosk)
        return action_form(form, _('Add and show its code'))


class RHEditKiosk(RHKioskBase):
    """Change a kiosk. Its page takes the changes over when nobody uses it."""

    def _process(self):
        form = KioskForm(event=self.event, target=self.kiosk, obj=FormDefaults(
            self.kiosk, {'place', 'languages'}, name=self.kiosk.name, desk_id=self.kiosk.device.desk_id))
        if form.validate_on_submit():
            form.fill(self.kiosk)
            db.session.flush()
            self._log(LogKind.change, f'Kiosk "{self.kiosk.name}" changed', desk=self.kiosk.device.desk.name,
                      place=self.kiosk.place, languages=', '.join(self.kiosk.languages))
            flash(_('The kiosk has been changed.'), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


class RHNewKioskCode(RHKioskBase):
    """Make another pairing code, and show it."""

    FOR_EVERYBODY = True

    def _process(self):
        self.kiosk.revoked_dt = None
        self._log(LogKind.change, f'New pairing code for the kiosk "{self.kiosk.name}"')
        return _show_new_code(self.kiosk)


class RHRevokeKiosk(RHKioskBase):
    """Cut off a kiosk at once: its token is worth nothing any more."""

    def _process(self):
        kiosk = self.kiosk
        if kiosk.revoked_dt is None:
            kiosk.revoke()
            kiosk.scan = None
            self._log(LogKind.negative, f'Kiosk "{kiosk.name}" revoked')
            flash(_('The kiosk "{}" has been revoked. It does nothing any more.').format(kiosk.name), 'success')
        return self._back_to_page()


class RHRemoveKiosk(RHKioskBase):
    """Take a revoked kiosk off the list. The history of badges keeps its name."""

    def _process(self):
        if self.kiosk.revoked_dt is None:
            flash(_('Revoke the kiosk "{}" first.').format(self.kiosk.name), 'error')
        else:
            name = self.kiosk.name
            db.session.delete(self.kiosk)
            self._log(LogKind.negative, f'Kiosk "{name}" removed')
            flash(_('The kiosk "{}" has been removed.').format(name), 'success')
        return self._back_to_page()


def _show_new_code(kiosk):
    """Give a kiosk a new code and return the dialog that shows it: only now, because only its hash is stored."""
    code = kiosk.make_code()
    db.session.flush()
    url = url_for_plugin('checkin_print.kiosk', _external=True)
    # browsers keep what is behind the # to themselves
    return jsonify_template('kiosk_code.html', _render_func=WPCheckinPrint.render_template_func, kiosk=kiosk, url=url,
                            code=code, qr_code=qr_code(f'{url}#{code}'),
                            minutes=int(CODE_LIFETIME.total_seconds() // 60))
