"""Badges that are made before anybody is checked in: when, how far that is, and away with them."""

from flask import flash
from wtforms.validators import InputRequired, ValidationError

from indico.modules.events.registration.models.registrations import Registration
from indico.modules.logs.models.entries import LogKind
from indico.web.forms.base import FormDefaults
from indico.web.forms.fields import IndicoDateTimeField, IndicoEnumSelectField
from indico.web.forms.validators import HiddenUnless
from indico.web.util import jsonify_data, jsonify_form

from indico_checkin_print import _, kick, settings
from indico_checkin_print.errors import SettingError
from indico_checkin_print.ledger import prepared
from indico_checkin_print.management.base import DialogForm, RHCheckinPrintBase
from indico_checkin_print.management.setup.when import lock_setup, setup_of
from indico_checkin_print.management.visibility import visible_registrations
from indico_checkin_print.models.choices import PrepareWhen
from indico_checkin_print.reasons.codes import describe


class PreparedForm(DialogForm):
    """When badges are made ahead."""

    prepare = IndicoEnumSelectField(_('When'), [InputRequired()], enum=PrepareWhen, sorted=False,
                                    description=_('Whenever the server has nothing to do: from seven days before the '
                                                  'event on, and again for people who are new or have changed.'))
    prepare_dt = IndicoDateTimeField(_('Time'), [HiddenUnless('prepare', PrepareWhen.time), InputRequired()],
                                     description=_('Such as the night before the event.'))

    @property
    def timezone(self):
        # what the field shows and reads
        return self.event.timezone

    def validate_prepare_dt(self, field):
        if self.prepare.data == PrepareWhen.time and field.data is not None and field.data > self.event.end_dt:
            raise ValidationError(_('The event is over then.'))


class RHEditPrepared(RHCheckinPrintBase):
    """Change when badges are made ahead."""

    TAB = 'setup'

    def _process(self):
        form = PreparedForm(event=self.event, obj=FormDefaults(setup_of(self.event)))
        if form.validate_on_submit():
            setup = lock_setup(self.event)
            form.populate_obj(setup)
            self._log(LogKind.change, 'When badges are made before check-in was changed', when=setup.prepare.name,
                      time=setup.prepare_dt.isoformat() if setup.prepare_dt else '')
            flash(_('The time at which badges are made has been changed.'), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


class RHPrepare(RHCheckinPrintBase):
    """Make the badges of everybody now."""

    TAB = 'setup'

    def _process(self):
        prepared.ask(self.event.id)
        kick.prepare_after_response()
        self._log(LogKind.positive, 'Badges are made before check-in')
        flash(_('The badges are being made.'), 'success')
        return self._back_to_page()


class RHDeletePrepared(RHCheckinPrintBase):
    """Delete the badges that were made ahead."""

    TAB = 'setup'

    def _process(self):
        lock_setup(self.event)
        prepared.delete_prepared(self.event.id)
        self._log(LogKind.negative, 'Badges that were made before check-in were deleted')
        flash(_('The badges have been deleted. They are made when their people are checked in, or when somebody asks '
                'for it here.'), 'success')
        return self._back_to_page()


def prepared_in_words(event, setup):
    """Return how far the badges of an event are made, as sentences and whether that is under way: a dict.

    A manager who may see some registrations only gets the figures of these.
    """
    allowed = visible_registrations(event)
    counts = prepared.counts(event.id, *([] if allowed is None else [Registration.id.in_(allowed)]))
    try:
        limit, room = settings.prepared_bytes_per_event(), prepared.room_left(event.id)
    except SettingError:
        # the administrator's doctor says which one; nothing is drawn until then
        limit = room = 0
    under_way = any(not wanted.is_idle for wanted in prepared.wanted(event.id))
    sentences = [_WHEN[setup.prepare].format(_moment(event, setup))]
    if counts.documents or counts.drawn:
        sentences.append(_('Ready: {badges} badges of {people} registrations, {size} of {limit} MB.').format(
            badges=counts.documents, people=counts.people, size=f'{counts.size / 1e6:.1f}', limit=limit // 1_000_000))
    sentences += [_('Not ready: {}. {}').format(count, describe(reason)) for reason, count in counts.without.items()]
    if room <= 0 and counts.drawn < counts.people:
        sentences.append(_('There is no room for more. Badges without are made when their people are checked in.'))
    return {'sentences': sentences, 'under_way': under_way, 'has_documents': bool(counts.documents)}


_WHEN = {
    PrepareWhen.request: _('Badges are made before check-in when somebody asks for it here.'),
    PrepareWhen.time: _('Badges are made before check-in: {}.'),
    PrepareWhen.idle: _('Badges are made before check-in whenever the server has nothing to do.'),
}


def _moment(event, setup):
    return setup.prepare_dt.astimezone(event.tzinfo).strftime('%Y-%m-%d %H:%M') if setup.prepare_dt else ''
