"""What a manager does with a type of certificate: its page, its dialogs, on and off, and to make its certificates."""

from flask import flash, session
from werkzeug.exceptions import Forbidden

from indico.core.db import db
from indico.core.errors import UserValueError
from indico.core.plugins import url_for_plugin
from indico.modules.logs.models.entries import LogKind
from indico.modules.receipts.util import can_user_manage_receipt_templates
from indico.web.forms.base import FormDefaults
from indico.web.util import jsonify_data, jsonify_form

from indico_checkin_print import _, kick
from indico_checkin_print.certificates import words
from indico_checkin_print.certificates.plan import plan
from indico_checkin_print.certificates.presets import delete_type, has_issued
from indico_checkin_print.certificates.sign import load_signature
from indico_checkin_print.certificates.template import default_of, default_template
from indico_checkin_print.certificates.types import PRESETS, HowRule, Who
from indico_checkin_print.errors import CannotMake, CannotSign
from indico_checkin_print.management.base import MAX_OBJECTS, WPCheckinPrint
from indico_checkin_print.management.certificates.base import RHCertificatesBase, RHTypeBase, RHTypePageBase
from indico_checkin_print.management.certificates.counts import counts_of
from indico_checkin_print.management.certificates.rules import keyed
from indico_checkin_print.management.certificates.type_form import AddTypeForm, TextForm, TypeForm, fields_form
from indico_checkin_print.management.certificates.type_form import fields_of as form_fields_of
from indico_checkin_print.management.certificates.type_form import title_of
from indico_checkin_print.management.certificates.words import rule_in_words
from indico_checkin_print.management.desk_rules.choices import RuleChoices
from indico_checkin_print.management.visibility import sees_all
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.choices import CertificateSource
from indico_checkin_print.routing.rules import unreadable


class RHType(RHTypeBase):
    """Show all that a type says, and how far its certificates are."""

    def _process(self):
        choices, type_ = RuleChoices(self.event), self.type
        groups, rules = keyed(type_.who, Who), keyed(type_.how_rules, HowRule)
        subject, blocks = words.merged(type_)
        fields = form_fields_of(self.event)
        return WPCheckinPrint.render_template(
            'certificate_type.html', self.event, type=type_, counts=counts_of(self.event, [type_])[type_.id],
            is_own=type_.name not in PRESETS, has_issued=has_issued(type_), sees_all=sees_all(self.event),
            for_registrants=type_.source == CertificateSource.registrations,
            groups=[(key, rule_in_words(group, choices)) for key, group in groups.items()],
            rules=[(key, rule_in_words(rule, choices)) for key, rule in rules.items()],
            unreadable=len(unreadable(type_.who or [], Who)) + len(unreadable(type_.how_rules, HowRule)),
            topic_field=fields.get(type_.topic_field_id), hours_field=fields.get(type_.hours_field_id),
            template_title=title_of(type_.template) if type_.template is not None else '', subject=subject,
            blocks=[text for text in blocks.values() if text],
            may_edit_templates=may_edit_templates(self.event))


class RHAddType(RHCertificatesBase):
    """Add an own type, which is off."""

    def _process(self):
        form = AddTypeForm(event=self.event)
        if form.validate_on_submit():
            if CertificateType.query.filter_by(event_id=self.event.id).count() >= MAX_OBJECTS:
                raise UserValueError(_('An event can have at most {} of these. Remove one that is not used any more '
                                       'first.').format(MAX_OBJECTS))
            speakers = form.source.data == CertificateSource.speakers
            type_ = CertificateType(event_id=self.event.id, title=form.title.data, name=form.name.data,
                                    source=form.source.data, who=None if speakers else [],
                                    checked_in_only=not speakers)
            db.session.add(type_)
            db.session.flush()
            self._log(LogKind.positive, f'Type of certificate "{type_.title}" added', name=type_.name)
            flash(_('The type has been added. It is off, and for nobody yet.'), 'success')
            return jsonify_data(flash=False, redirect=url_for_plugin('checkin_print.certificate_type', type_))
        return jsonify_form(form)


class RHEditType(RHTypePageBase):
    """Change a type."""

    def _process(self):
        type_ = self.type
        form = TypeForm(event=self.event, target=type_, obj=FormDefaults(
            type_, everybody=type_.who is None, template_id=type_.template_id or 0,
            topic_field_id=type_.topic_field_id or 0, hours_field_id=type_.hours_field_id or 0))
        if form.validate_on_submit():
            self._lock()
            data = dict(form.data)
            data.pop('csrf_token', None)
            if 'everybody' in data:
                is_for_all = data.pop('everybody')
                type_.who = None if is_for_all else type_.who or []
            for name in ('template_id', 'topic_field_id', 'hours_field_id'):
                if name in data:
                    data[name] = data[name] or None
            changed = {name: value for name, value in data.items() if getattr(type_, name) != value}
            if 'template_id' in changed:
                # those of another template mean nothing to this one
                type_.template_values = {}
            for name, value in data.items():
                setattr(type_, name, value)
            self._log(LogKind.change, f'Type of certificate "{type_.title}" changed',
                      **{name: str(value) for name, value in changed.items()}, for_everybody=type_.who is None)
            flash(_('The type has been changed. What is made already follows it when certificates are made the next '
                    'time.'), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


class RHEditFields(RHTypePageBase):
    """Change the values of the template's own fields."""

    def _process(self):
        template = self.type.template or default_template()
        names = [field['name'] for field in template.custom_fields]
        values = {f'field_{number}': self.type.template_values.get(field['name'], default_of(field))
                  for number, field in enumerate(template.custom_fields)}
        form = fields_form(self.event, template)(event=self.event, target=self.type, obj=FormDefaults(**values))
        if form.validate_on_submit():
            self._lock().template_values = {name: form[f'field_{number}'].data or '' if not isinstance(
                form[f'field_{number}'].data, bool) else form[f'field_{number}'].data
                for number, name in enumerate(names)}
            self._log(LogKind.change, f'Template of the type of certificate "{self.type.title}" filled in')
            flash(_('The template has been filled in. What is made already follows it when certificates are made the '
                    'next time.'), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


class RHEditText(RHTypePageBase):
    """Change what the e-mail says."""

    def _process(self):
        subject, blocks = words.merged(self.type)
        form = TextForm(event=self.event, target=self.type, obj=FormDefaults(subject=subject, **blocks))
        if form.validate_on_submit():
            own_subject, own = words.defaults(validated=self.type.validated)
            type_ = self._lock()
            # what is as the product has it stays so in the languages of all recipients
            type_.subject = '' if form.subject.data == own_subject else form.subject.data
            type_.body = {name: text for name, text in form.blocks.items() if text != own[name]}
            self._log(LogKind.change, f'E-mail of the type of certificate "{self.type.title}" changed',
                      subject=form.subject.data)
            flash(_('The e-mail has been changed.'), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


class RHSwitchType(RHTypeBase):
    """Switch a type on or off."""

    def _process(self):
        self.type.enabled = not self.type.enabled
        state = 'on' if self.type.enabled else 'off'
        self._log(LogKind.change, f'Type of certificate "{self.type.title}" switched {state}')
        flash((_('{} is on.') if self.type.enabled else _('{} is off. Nothing new is made, published or sent.')).format(
            self.type.title), 'success')
        return self._back_to_page()


class RHDeleteType(RHTypeBase):
    """Delete an own type of which nothing was issued."""

    def _process(self):
        if self.type.name in PRESETS:
            flash(_('This type belongs to every event. Switch it off instead.'), 'error')
        elif has_issued(self.type):
            flash(_('Certificates of this type were issued, and stay valid. Switch it off instead.'), 'error')
        else:
            title = self.type.title
            delete_type(self.type)
            self._log(LogKind.negative, f'Type of certificate "{title}" deleted')
            flash(_('The type has been deleted.'), 'success')
        return self._back_to_page()


class RHGenerate(RHTypeBase):
    """Enter all recipients of a type; Celery makes what is new, and what has to show something else than it does."""

    FOR_EVERYBODY = True

    def _process(self):
        type_ = self.type
        if not type_.enabled:
            flash(_('Switch the type on first.'), 'error')
            return self._back_to_page()
        try:
            if type_.signed:
                # before anything is entered
                load_signature()
            planned = plan(type_, self.actor)
        except (CannotMake, CannotSign) as exc:
            flash(exc.detail, 'error')
            return self._back_to_page()
        kick.make_certificates_after_response()
        self._log(LogKind.positive, f'Certificates of the type "{type_.title}" asked for', new=planned.new,
                  changed=planned.changed, unchanged=planned.unchanged)
        message = _('People who get one: {recipients}. New: {new}, changed: {changed}, unchanged: {unchanged}.').format(
            recipients=planned.recipients, new=planned.new, changed=planned.changed, unchanged=planned.unchanged)
        if planned.no_recipient:
            message += ' ' + _('Issued to people who get none any more: {}. They stay valid until you revoke '
                               'them.').format(planned.no_recipient)
        flash(message, 'success' if planned.recipients else 'warning')
        return self._back_to_page()


class RHCopyTemplate(RHTypePageBase):
    """Copy the product's own template into the event, and let the type use the copy."""

    def _check_access(self):
        RHTypePageBase._check_access(self)
        if not may_edit_templates(self.event):
            raise Forbidden(_('Only those whom the administrator allows to edit document templates, and who manage '
                              'the whole event, can do this.'))

    def _process(self):
        template = default_template()
        template.event = self.event
        db.session.add(template)
        db.session.flush()
        values = self.type.template_values if self.type.template is None else {}
        self.type.template, self.type.template_values = template, values
        template.log(template.log_realm, LogKind.positive, 'Templates',
                     f'Document template "{template.title}" created', user=session.user)
        flash(_('The template has been copied into this event, and the type uses the copy.'), 'success')
        return self._back_to_page()


def may_edit_templates(event):
    """Return whether Indico lets the user edit document templates of an event."""
    return can_user_manage_receipt_templates(session.user) and event.can_manage(session.user)
