"""Webhooks: URLs that get badges or registration data, signed with a secret that is shown once."""

from urllib.parse import urlsplit

from flask import flash
from wtforms.fields import BooleanField, StringField, URLField
from wtforms.validators import DataRequired, Length, ValidationError

from indico.core.db import db
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.logs.models.entries import LogKind
from indico.util.string import natural_sort_key
from indico.web.forms.base import FormDefaults
from indico.web.forms.fields import IndicoSelectMultipleCheckboxField
from indico.web.forms.widgets import SwitchWidget
from indico.web.util import jsonify_data, jsonify_form, jsonify_template

from print_agent.protocol.signing import new_secret

from indico_checkin_print import _, kick
from indico_checkin_print.credentials import seal
from indico_checkin_print.delivery import breaker
from indico_checkin_print.delivery.guard import MAX_URL, check_saved, check_url
from indico_checkin_print.errors import NameServiceError, RefusedURL
from indico_checkin_print.management.base import (DialogForm, RHCheckinPrintBase, RHWebhookBase, WPCheckinPrint,
                                                  action_form)
from indico_checkin_print.management.webhooks.page import RHWebhookPageBase
from indico_checkin_print.messages.payload import FIELDS, own_fields
from indico_checkin_print.models.choices import DEFAULT_EVENTS, WebhookEvent
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.settings import allowed_networks


class WebhookForm(DialogForm):
    """Where a webhook goes and what it sends."""

    name = StringField(_('Name'), [DataRequired(), Length(max=100)])
    url = URLField(_('URL'), [DataRequired(), Length(max=MAX_URL)],
                   description=_('Indico sends a signed POST request to this address. It must start with https:// '
                                 'and must not contain a password. Only in networks that an administrator of '
                                 'Indico has opened may it start with http://.'))
    send_badge = BooleanField(_('Send the badge'), widget=SwitchWidget(), default=True,
                              description=_('The badge as a PDF. Needed if a desk uses the webhook.'))
    fields = IndicoSelectMultipleCheckboxField(
        _('Data of the registration'),
        description=_('Sent besides the ids of the registration. Only choose what the receiver needs. A field of a '
                      'form is sent for registrations with that form.'))
    events = IndicoSelectMultipleCheckboxField(
        _('Notified of'), default=lambda: [str(event) for event in DEFAULT_EVENTS],
        choices=[(str(event), event.title) for event in WebhookEvent],
        description=_('It gets a message each time. The webhook of a desk gets the badges of that desk instead of '
                      'check-ins.'))
    form_ids = IndicoSelectMultipleCheckboxField(
        _('Only these forms'), coerce=int,
        description=_('It is notified of people with these forms only. If you choose none, of those with all forms '
                      'that print, also with forms that you add later. The webhook of a desk gets the badges of that '
                      'desk.'))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields.choices = [*((key, field.title) for key, field in FIELDS.items()), *own_fields(self.event).items()]
        forms = RegistrationForm.query.with_parent(self.event).filter_by(is_deleted=False)
        self.form_ids.choices = [(form.id, form.title)
                                 for form in sorted(forms, key=lambda x: natural_sort_key(x.title))]

    def populate_obj(self, obj, *args, **kwargs):
        super().populate_obj(obj, *args, **kwargs)
        obj.form_ids = obj.form_ids or None

    def validate_name(self, field):
        query = _webhooks(self.event).filter(db.func.lower(Webhook.name) == db.func.lower(field.data))
        if self.target is not None:
            query = query.filter(Webhook.id != self.target.id)
        if query.has_rows():
            raise ValidationError(_('Another webhook has this name.'))

    def validate_url(self, field):
        try:
            networks = allowed_networks()
            if check_saved(field.data, networks).scheme == 'http':
                # where its name leads decides; before each POST that is asked again
                check_url(field.data, networks)
        except RefusedURL as exc:
            raise ValidationError(exc.detail)
        except NameServiceError:
            raise ValidationError(_('The address could not be looked up just now. Try again, or use https://.'))

    def validate_send_badge(self, field):
        if field.data:
            return
        desks = _desks_of(self.target) if self.target is not None else []
        if desks:
            raise ValidationError(_('It must send the badge, because a desk uses it: {}')
                                  .format(', '.join(desk.name for desk in desks)))


class RHAddWebhook(RHCheckinPrintBase):
    """Add a webhook and show its secret."""

    FOR_EVERYBODY = True

    def _process(self):
        self._check_limit(_webhooks(self.event))
        form = WebhookForm(event=self.event)
        if form.validate_on_submit():
            webhook = Webhook(event=self.event)
            form.populate_obj(webhook)
            db.session.add(webhook)
            self._log(LogKind.positive, f'Webhook "{webhook.name}" added', **_loggable(webhook))
            return _show_new_secret(webhook, [])
        return action_form(form, _('Add and show its secret'))


class RHEditWebhook(RHWebhookBase):
    """Change where a webhook goes or what it sends."""

    FOR_EVERYBODY = True

    def _process(self):
        form = WebhookForm(event=self.event, target=self.webhook, obj=FormDefaults(self.webhook))
        if form.validate_on_submit():
            moved = self.webhook.url != form.url.data
            form.populate_obj(self.webhook)
            if moved:
                # what is known about the old address says nothing about the new one
                breaker.reset(self.webhook)
                kick.after_commit()
            self._log(LogKind.change, f'Webhook "{self.webhook.name}" changed', **_loggable(self.webhook))
            flash(_('The webhook "{}" has been changed.').format(self.webhook.name), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


class RHNewSecret(RHWebhookBase):
    """Make another secret and show it. The one before stays valid until it is forgotten or replaced."""

    FOR_EVERYBODY = True

    def _process(self):
        self._log(LogKind.change, f'New secret for the webhook "{self.webhook.name}"')
        return _show_new_secret(self.webhook, self.webhook.secrets[:1])


class RHForgetSecret(RHWebhookPageBase):
    """End the time in which two secrets are valid."""

    def _process(self):
        if len(self.webhook.secrets) > 1:
            self.webhook.secrets = self.webhook.secrets[:1]
            self._log(LogKind.change, f'Previous secret of the webhook "{self.webhook.name}" forgotten')
            flash(_('Only the new secret of "{}" is valid now.').format(self.webhook.name), 'success')
        return self._back_to_webhook()


class RHDeleteWebhook(RHWebhookBase):
    """Delete a webhook that no desk uses."""

    TAB = 'setup'

    def _process(self):
        desks = _desks_of(self.webhook)
        if desks:
            flash(_('The webhook "{name}" is used by a desk: {desks}. Choose something else for that desk first.')
                  .format(name=self.webhook.name, desks=', '.join(desk.name for desk in desks)), 'error')
            return self._back_to_page()
        self.webhook.is_deleted = True
        # nobody needs them any more
        self.webhook.secrets = []
        self._log(LogKind.negative, f'Webhook "{self.webhook.name}" deleted')
        flash(_('The webhook "{}" has been deleted.').format(self.webhook.name), 'success')
        return self._back_to_page()


def _webhooks(event):
    return Webhook.query.filter_by(event_id=event.id, is_deleted=False)


def _desks_of(webhook):
    return Desk.query.filter_by(webhook_id=webhook.id, is_deleted=False).order_by(Desk.id).all()


def _loggable(webhook):
    # path and query of a URL may hold a key
    return {'host': urlsplit(webhook.url).hostname, 'sends_badge': webhook.send_badge,
            'sends': ', '.join(webhook.fields), 'events': ', '.join(webhook.events),
            'forms': ', '.join(map(str, webhook.form_ids or ()))}


def _show_new_secret(webhook, previous):
    """Put a new secret before the previous ones and return the dialog that shows it, for the only time."""
    secret = new_secret()
    webhook.secrets = [seal(secret), *previous]
    db.session.flush()
    return jsonify_template('webhook_secret.html', _render_func=WPCheckinPrint.render_template_func, webhook=webhook,
                            secret=secret, has_previous=bool(previous))
