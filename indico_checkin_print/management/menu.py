"""The entry in the management menu of an event."""

from flask import session

from indico.core import signals
from indico.core.plugins import url_for_plugin
from indico.modules.events.models.events import EventType
from indico.web.menu import SideMenuItem

from indico_checkin_print import _
from indico_checkin_print.management.base import PERMISSION


def connect(plugin):
    """Begin to listen to Indico."""
    plugin.connect(signals.menu.items, get_menu_item, sender='event-management-sidemenu')
    plugin.connect(signals.menu.items, get_my_desk_item, sender='event-management-sidemenu')


def get_menu_item(sender, event, **kwargs):
    """Return the entry, or ``None`` for people who cannot use it and for events without registration."""
    if not event.has_feature('registration') or not event.can_manage(session.user, permission=PERMISSION):
        return None
    return SideMenuItem('checkin_print', _('Check-in printing'), url_for_plugin('checkin_print.manage', event),
                        section=_section(event))


def get_my_desk_item(sender, event, **kwargs):
    """Return the entry of *My desk*, for all who may check people in."""
    may_check_in = any(event.can_manage(session.user, permission=x) for x in (PERMISSION, 'registration_checkin'))
    if not event.has_feature('registration') or not may_check_in:
        return None
    return SideMenuItem('checkin_print_my_desk', _('My desk'), url_for_plugin('checkin_print.my_desk', event),
                        section=_section(event))


def _section(event):
    # where Indico puts 'Registration', and below it
    return 'organization' if event.type_ == EventType.conference else 'advanced'
