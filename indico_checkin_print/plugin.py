"""Wiring only: which signal, hook and menu entry goes to which module."""

from flask import has_request_context, session
from sqlalchemy import event

from indico.core import signals
from indico.core.plugins import IndicoPlugin, PluginCategory
from indico.modules.events.registration.models.registrations import Registration


class CheckinPrintPlugin(IndicoPlugin):
    """Check-in Print

    Prints the badge of an attendee at the check-in desk the moment they are checked in.
    """

    category = PluginCategory.other
    plugin_config_defaults = {
        # networks (CIDR) that webhooks may reach although they are not public, e.g. ['10.20.0.0/16']
        'ALLOWED_NETWORKS': [],
        # where agents reach the relay; by default BASE_URL's own host, path /checkin-print/ws
        'RELAY_URL': None,
        # finished jobs are deleted after so many days; None keeps them
        'KEEP_JOBS_DAYS': 365,
        # where the manual for event managers (docs/manager.md) is published; each box links to its chapter there
        'MANUAL_URL': None,
    }

    def init(self):
        super().init()
        from indico_checkin_print import corrections
        from indico_checkin_print.checkin import note_flip
        event.listen(Registration.checked_in_dt, 'set', note_flip)
        corrections.listen(self)
        self.connect(signals.event.registration_checkin_updated, self._checkin_updated)
        self.connect(signals.event.registration_state_updated, self._state_updated)
        self.connect(signals.event.registration_deleted, self._registration_deleted)
        self.connect(signals.event.registration_form_deleted, self._form_deleted)
        self.connect(signals.event.deleted, self._event_deleted)
        self.connect(signals.event_management.get_cloners, self._get_cloners)
        self.connect(signals.event.registration.after_registration_form_clone, self._form_duplicated)
        self.connect(signals.core.import_tasks, self._import_tasks)
        self.connect(signals.plugin.cli, self._extend_cli)
        self.connect(signals.event.registrant_list_action_menu, self._list_actions)
        self.template_hook('extra-registration-actions', self._badge_section)
        self.connect(signals.menu.items, self._extend_event_menu, sender='event-management-sidemenu')

    def get_blueprints(self):
        from indico_checkin_print.blueprint import blueprint
        return blueprint

    def _checkin_updated(self, registration, **kwargs):
        from indico_checkin_print.checkin import on_checkin_updated
        on_checkin_updated(registration, self)

    def _state_updated(self, registration, **kwargs):
        from indico_checkin_print.checkin import on_state_updated
        on_state_updated(registration, self)

    def _registration_deleted(self, registration, permanent=False, **kwargs):
        from indico_checkin_print.checkin import on_deleted
        on_deleted(registration, self, permanent=permanent)

    def _event_deleted(self, event, user=None, **kwargs):
        from indico_checkin_print.events import on_event_deleted
        on_event_deleted(event, user, self)

    def _form_deleted(self, registration_form, **kwargs):
        from indico_checkin_print.events import on_form_deleted
        on_form_deleted(registration_form, session.user if has_request_context() else None, self)

    def _get_cloners(self, sender, **kwargs):
        from indico_checkin_print.cloning import CheckinPrintCloner
        return CheckinPrintCloner

    def _form_duplicated(self, old_form, new_form, **kwargs):
        from indico_checkin_print.cloning import form_duplicated
        form_duplicated(old_form, new_form)

    def _import_tasks(self, sender, **kwargs):
        import indico_checkin_print.tasks  # noqa: F401

    def _extend_cli(self, sender, **kwargs):
        from indico_checkin_print.cli import cli
        return cli

    def _list_actions(self, regform, **kwargs):
        from indico_checkin_print.management.registration_hooks import list_actions
        return list_actions(regform)

    def _badge_section(self, registration, **kwargs):
        from indico_checkin_print.management.registration_hooks import badge_section
        return badge_section(registration)

    def _extend_event_menu(self, sender, event, **kwargs):
        from indico_checkin_print.management.menu import get_menu_item
        return get_menu_item(event)
