"""What Indico's own pages of registrations show of printing: the badge of one person, an action on several."""

from flask import session

from indico.core.plugins import url_for_plugin
from indico.modules.events.registration.util import ActionMenuEntry
from indico.web.flask.templating import get_template_module

from indico_checkin_print import _
from indico_checkin_print.management.base import PERMISSION
from indico_checkin_print.management.job_rows import rows_of
from indico_checkin_print.management.registration_todo import Todo
from indico_checkin_print.management.registrations import badges_of
from indico_checkin_print.models.jobs import Job


#: How many badges of a registration its page shows
MAX_BADGES = 20


def badge_section(registration):
    """Return what the page of a registration says about its badges; nothing if its form prints none.

    It stands beside the check-in (template hook ``extra-registration-actions``).
    """
    setup = registration.registration_form.checkin_print_setup
    ids = [id_ for id_, in Job.query.with_entities(Job.id)
           .filter_by(registration_id=registration.id, purpose=Job.PURPOSE_BADGE)
           .order_by(Job.id.desc()).limit(MAX_BADGES)]
    if not ids and (setup is None or not setup.enabled):
        return ''
    badges = badges_of(registration.registration_form, [registration])
    latest = {badge.job.id for badge in badges if badge.job is not None}
    rows = rows_of(registration.event, ids)
    return get_template_module('checkin_print:_registration.html').render_badges(
        registration=registration, rows=[row for row in rows if row.job.id in latest],
        missing=any(badge.todo == Todo.first for badge in badges),
        can_manage=registration.can_manage(session.user, PERMISSION))


def list_actions(regform):
    """Return what the participant list offers for the chosen registrations (``registrant_list_action_menu``)."""
    setup = regform.checkin_print_setup
    if setup is not None and setup.enabled and regform.event.can_manage(session.user, PERMISSION):
        yield ActionMenuEntry(_('Print badges at the desk'), 'printer', weight=89, reload_page=True,
                              hide_if_locked=True, url=url_for_plugin('checkin_print.print_registrations', regform))
