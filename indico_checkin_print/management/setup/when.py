"""When a check-in prints: the rules of an event."""

from flask import flash
from sqlalchemy.dialects.postgresql import insert
from wtforms.fields import BooleanField, IntegerField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from indico.core.db import db
from indico.modules.logs.models.entries import LogKind
from indico.web.forms.base import FormDefaults
from indico.web.forms.fields import EmailListField, IndicoEnumSelectField, IndicoSelectMultipleCheckboxField
from indico.web.forms.widgets import SwitchWidget
from indico.web.util import jsonify_data, jsonify_form

from indico_checkin_print import _
from indico_checkin_print.management.base import DialogForm, RHCheckinPrintBase
from indico_checkin_print.models.choices import (DEFAULT_BULK_LIMIT, DEFAULT_EDITS, DEFAULT_SMALLEST_TEXT,
                                                 DEFAULT_SOURCES, BadgeEdit, BadgeLanguage, CheckinSource,
                                                 MissingGlyphsPolicy, NamelessPolicy, PrepareWhen, QRLevel,
                                                 ReprintPolicy, UnpaidPolicy)
from indico_checkin_print.models.rules import EventSetup


#: What a manager calls the ways of check-in that can print
SOURCE_TITLES = {
    CheckinSource.app: _('Check-in app of Indico'),
    CheckinSource.scan: _('Scan station'),
    CheckinSource.kiosk: _('Kiosks, where people do it themselves'),
    CheckinSource.list: _('One person, on the pages of the registration'),
    CheckinSource.walk_in: _('Walk-ins, who are registered at the desk'),
    CheckinSource.bulk: _('Several people at once, in the list of participants'),
    CheckinSource.api: _('Scanners and programs with a personal token'),
    CheckinSource.other: _('Other plugins, such as people who join a video conference from home'),
}
#: What a manager calls that which may be changed about one badge
EDIT_TITLES = {
    BadgeEdit.text: _('Texts, such as name and affiliation'),
    BadgeEdit.template: _('Another template'),
    BadgeEdit.printer: _('Another printer of the desk'),
    BadgeEdit.copies: _('Copies'),
}
#: Of the smallest letters, in points: smaller ones nobody reads, and larger ones are a matter of the template
MIN_SMALLEST_TEXT, MAX_SMALLEST_TEXT = 4, 20
#: Most addresses that get e-mails about problems
MAX_ALERT_EMAILS = 20
_UNPAID = {
    UnpaidPolicy.skip: _('Attendees who have not paid get no badge.'),
    UnpaidPolicy.hold: _('The badge of somebody who has not paid waits until they have paid or somebody releases it.'),
    UnpaidPolicy.print: _('Attendees who have not paid get a badge anyway.'),
}
_REPRINT = {
    ReprintPolicy.hold: _('The badge of somebody who had one before waits until somebody releases it.'),
    ReprintPolicy.print: _('Attendees who had a badge before get another one when they are checked in again.'),
    ReprintPolicy.skip: _('Attendees who had a badge before get no other when they are checked in again.'),
}


_NAMELESS = {
    NamelessPolicy.hold: _('A badge that would show no name waits until somebody corrects the name or releases it.'),
    NamelessPolicy.print: _('A badge that shows no name prints anyway.'),
}
_MISSING_GLYPHS = {
    MissingGlyphsPolicy.hold: _('A badge with a character that has no font waits until somebody corrects the text or '
                                'releases it.'),
    MissingGlyphsPolicy.print: _('A badge with a character that has no font prints with a box in its place.'),
}
_LANGUAGE = {
    BadgeLanguage.event: _("Dates and prices on a badge are in the event's language."),
    BadgeLanguage.registrant: _("Dates and prices on a badge are in the registrant's language."),
}


class EventSetupForm(DialogForm):
    """When a check-in prints."""

    unpaid = IndicoEnumSelectField(_('Somebody has not paid'), [InputRequired()], enum=UnpaidPolicy, sorted=False)
    reprint = IndicoEnumSelectField(_('Somebody had a badge before'), [InputRequired()], enum=ReprintPolicy,
                                    sorted=False, description=_('When a check-in is undone and done again, or the '
                                                                'badge was printed before the check-in.'))
    nameless = IndicoEnumSelectField(_('The badge would show no name'), [InputRequired()], enum=NamelessPolicy,
                                     sorted=False)
    missing_glyphs = IndicoEnumSelectField(_('A character has no font'), [InputRequired()], enum=MissingGlyphsPolicy,
                                           sorted=False, description=_('No font of the server has it, so a box would '
                                                                       'be in its place.'))
    language = IndicoEnumSelectField(_('Language'), [InputRequired()], enum=BadgeLanguage, sorted=False,
                                     description=_('Of dates, prices and other words that Indico writes on a badge. An '
                                                   'event that enforces a language prints its badges in that one.'))
    smallest_text = IntegerField(_('Smallest letters'),
                                 [InputRequired(), NumberRange(min=MIN_SMALLEST_TEXT, max=MAX_SMALLEST_TEXT)],
                                 description=_('In points. A text that has too little room on the badge is wrapped and '
                                               'shrunk, but not below this size; what has no room then is cut.'))
    qr_level = IndicoEnumSelectField(_('Error correction of the QR code'), [InputRequired()], enum=QRLevel,
                                     sorted=False, description=_('How much of the code on a badge may be dirty or '
                                                                 'torn. More makes its squares smaller.'))
    bulk_limit = IntegerField(_('Maximum at once'), [InputRequired(), NumberRange(min=0, max=1000)],
                              description=_('If more people than this are checked in with one click, their badges wait '
                                            'until somebody releases them. With 0, every badge waits.'))
    alert_emails = EmailListField(_('E-mails about problems'),
                                  description=_('One address per line. They get an e-mail when a desk stands still, a '
                                                'webhook fails, or badges need a person. If there is no address, the '
                                                'managers of the registrations get it.'))
    sources = IndicoSelectMultipleCheckboxField(_('Which check-ins print'), [InputRequired()],
                                                choices=[(str(source), title)
                                                         for source, title in SOURCE_TITLES.items()],
                                                description=_('The ways to check somebody in that print a badge.'))
    badge_desk = BooleanField(_('Badge at another desk than check-in'), widget=SwitchWidget(),
                              description=_('Who is checked in by a way that does not print, such as the app at the '
                                            'entrance, gets the badge when the ticket is scanned at a scan station '
                                            'or a kiosk, if that way prints.'))
    edits = IndicoSelectMultipleCheckboxField(_('Edit for this print'),
                                              choices=[(str(edit), EDIT_TITLES[edit]) for edit in BadgeEdit],
                                              description=_('What volunteers may change about a single badge at the '
                                                            'scan station, without changing the registration. '
                                                            'Managers may change all of it.'))

    def validate_alert_emails(self, field):
        if len(field.data) > MAX_ALERT_EMAILS:
            raise ValidationError(_('At most {} addresses.').format(MAX_ALERT_EMAILS))


class RHEditWhen(RHCheckinPrintBase):
    """Change when a check-in prints."""

    def _process(self):
        form = EventSetupForm(event=self.event, obj=FormDefaults(setup_of(self.event)))
        if form.validate_on_submit():
            setup = lock_setup(self.event)
            form.populate_obj(setup)
            self._log(LogKind.change, 'Rules for printing changed', unpaid=setup.unpaid.name,
                      reprint=setup.reprint.name, no_name=setup.nameless.name, missing_glyphs=setup.missing_glyphs.name,
                      language=setup.language.name, smallest_letters=setup.smallest_text,
                      error_correction=setup.qr_level.name,
                      maximum_at_once=setup.bulk_limit, prints=', '.join(setup.sources),
                      badge_desk=setup.badge_desk, volunteers_change=', '.join(setup.edits))
            flash(_('The rules have been changed. They hold for check-ins from now on.'), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


def setup_of(event):
    """Return the event's setup; if it has none, one with the defaults that is not stored."""
    return EventSetup.query.get(event.id) or EventSetup(
        event_id=event.id, paused=False, unpaid=UnpaidPolicy.hold, reprint=ReprintPolicy.hold,
        nameless=NamelessPolicy.hold, missing_glyphs=MissingGlyphsPolicy.hold, language=BadgeLanguage.event,
        smallest_text=DEFAULT_SMALLEST_TEXT, qr_level=QRLevel.medium, bulk_limit=DEFAULT_BULK_LIMIT, alert_emails=[],
        prepare=PrepareWhen.request, prepare_dt=None,
        sources=[str(source) for source in DEFAULT_SOURCES], badge_desk=False,
        edits=[str(edit) for edit in DEFAULT_EDITS], desk_rules=[], template_rules=[])


def lock_setup(event):
    """Return the event's stored setup, which is made if there is none; nobody else changes it meanwhile."""
    db.session.execute(insert(EventSetup.__table__).values(event_id=event.id).on_conflict_do_nothing())
    return EventSetup.query.populate_existing().filter_by(event_id=event.id).with_for_update().one()


def rules_in_words(setup):
    """Return the rules as sentences."""
    if setup.bulk_limit:
        bulk = _('If more people than {} are checked in at once, their badges wait until somebody releases '
                 'them.').format(setup.bulk_limit)
    else:
        bulk = _('Every badge waits until somebody releases it.')
    titles = [str(title) for source, title in SOURCE_TITLES.items() if source in setup.sources]
    return [_UNPAID[setup.unpaid], _REPRINT[setup.reprint], _NAMELESS[setup.nameless],
            _MISSING_GLYPHS[setup.missing_glyphs], _LANGUAGE[setup.language],
            _('A text that has too little room on a badge shrinks down to {} points, and is cut then.').format(
                setup.smallest_text),
            _('Error correction of the QR code: {}.').format(setup.qr_level.title), bulk,
            _('These ways of check-in print: {}.').format('; '.join(titles)),
            *([_('Who is checked in by another way gets the badge when the ticket is scanned at a scan station or a '
                 'kiosk.')] if setup.badge_desk else []),
            (_('Volunteers may change for a single print: {}.').format(
                '; '.join(str(EDIT_TITLES[edit]) for edit in BadgeEdit if edit in setup.edits)) if setup.edits else
             _('Volunteers may change nothing on a single badge.')),
            (_('E-mails about problems go to {}.').format(', '.join(setup.alert_emails)) if setup.alert_emails else
             _('E-mails about problems go to the managers of the registrations.'))]
