"""What Indico's own pages of registrations show of printing: the badge of one person, an action on several."""

from flask import request, session
from werkzeug.exceptions import Forbidden

from indico.core import signals
from indico.core.plugins import url_for_plugin
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.events.registration.util import ActionMenuEntry
from indico.web.flask.templating import get_template_module

from indico_checkin_print import _
from indico_checkin_print.management.base import PERMISSION, RHRegFormBase, static
from indico_checkin_print.management.jobs.rows import MAX_BADGES, rows_of
from indico_checkin_print.management.registrations.action import MAY_PRINT_ONE, badges_of
from indico_checkin_print.management.registrations.todo import Todo
from indico_checkin_print.management.visibility import may_manage
from indico_checkin_print.models.jobs import Job


def connect(plugin):
    """Begin to listen to Indico."""
    plugin.connect(signals.event.registrant_list_action_menu, list_actions)
    plugin.template_hook('extra-registration-actions', badge_section)


def badge_section(registration, **kwargs):
    """Return what the page of a registration says about its badges; nothing if its form prints none.

    It stands beside the check-in (template hook ``extra-registration-actions``).
    """
    context = _badges(registration)
    if context is None:
        return ''
    assets = {'css': [static('event_page.css')], 'js': [static('live.js'), static('in_place.js'), static('preview.js')]}
    return _template().render_badges(assets=assets, **context)


class RHRegistrationBase(RHRegFormBase):
    """Base class for the badges of one registration, for all to whom Indico shows its page."""

    # volunteers, too
    PERMISSION = MAY_PRINT_ONE

    def _process_args(self):
        RHRegFormBase._process_args(self)
        self.registration = (Registration.query.with_parent(self.regform)
                             .filter_by(id=request.view_args['registration_id'], is_deleted=False)
                             .first_or_404())

    def _check_access(self):
        RHRegFormBase._check_access(self)
        if not may_manage(self.registration, self.PERMISSION):
            raise Forbidden(_('You are not authorized to manage this registration.'))


class RHRegistrationBadges(RHRegistrationBase):
    """Return the badges of a registration as its page shows them; the page's script asks for them."""

    def _process(self):
        context = _badges(self.registration)
        return '' if context is None else _template().live(**context)


def _template():
    return get_template_module('checkin_print:_registration.html')


def _badges(registration):
    """Return what the template wants to know about the badges of a registration, or ``None`` if there is nothing."""
    setup = registration.registration_form.checkin_print_setup
    ids = [id_ for id_, in Job.query.with_entities(Job.id)
           .filter_by(registration_id=registration.id, purpose=Job.PURPOSE_BADGE)
           .order_by(Job.id.desc()).limit(MAX_BADGES)]
    if not ids and (setup is None or not setup.enabled):
        return None
    badges = badges_of(registration.registration_form, [registration], early=True)
    latest = {badge.job.id for badge in badges if badge.job is not None}
    todos = {badge.todo for badge in badges}
    rows = rows_of(registration.event, ids)
    return {'registration': registration, 'rows': [row for row in rows if row.job.id in latest],
            'missing': registration.checked_in and not todos.isdisjoint({Todo.first, Todo.unpaid}),
            'early': not registration.checked_in and not todos.isdisjoint({Todo.early, Todo.unpaid}),
            'not_paid': Todo.not_paid in todos,
            'can_manage': may_manage(registration, PERMISSION),
            'can_print': may_manage(registration, MAY_PRINT_ONE)}


def list_actions(regform, **kwargs):
    """Return what the participant list offers for the chosen registrations (``registrant_list_action_menu``)."""
    setup = regform.checkin_print_setup
    if setup is not None and setup.enabled and regform.event.can_manage(session.user, PERMISSION):
        yield ActionMenuEntry(_('Print badges at the desk'), 'printer', weight=89, reload_page=True,
                              hide_if_locked=True, url=url_for_plugin('checkin_print.print_registrations', regform))
        yield ActionMenuEntry(_('Print a batch of badges'), 'printer', weight=88, hide_if_locked=True,
                              url=url_for_plugin('checkin_print.create_batch', regform))
        yield ActionMenuEntry(_('Badges on sheets (PDF)'), 'printer', weight=87, hide_if_locked=True,
                              url=url_for_plugin('checkin_print.make_sheets', regform))
        yield ActionMenuEntry(_('Contact sheet of badges'), 'image', weight=86,
                              url=url_for_plugin('checkin_print.choose_contact_sheet', regform))
