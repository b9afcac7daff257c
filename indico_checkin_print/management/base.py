"""What the event manager's pages share: who may use them, how they look things up, what they write to the log."""

from functools import partial

from flask import get_flashed_messages, jsonify, redirect, request, session
from flask_pluginengine import current_plugin
from markupsafe import Markup
from werkzeug.exceptions import Forbidden

from indico.core.errors import UserValueError
from indico.core.plugins import WPJinjaMixinPlugin, url_for_plugin
from indico.modules.events.features.util import require_feature
from indico.modules.events.management.controllers import RHManageEventBase
from indico.modules.events.management.views import WPEventManagement
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.logs.models.entries import EventLogRealm
from indico.util.i18n import force_locale
from indico.web.flask.util import url_for
from indico.web.forms.base import IndicoForm
from indico.web.util import jsonify_data, jsonify_form
from indico.web.views import WPBase

from indico_checkin_print import _, sql
from indico_checkin_print.management.jobs.filter import list_args
from indico_checkin_print.management.visibility import may_manage, sees_all
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.webhooks import Webhook


#: The permission of an event that opens these pages (full managers have it anyway)
PERMISSION = 'registration'
#: The argument of a URL that says that its button is on the jobs page, whose own arguments it has as well
LIST = 'list'
#: Of `action_form`, for dialogs on Indico's own pages, which keep the labels beside the fields on a phone
LABELS_ABOVE = {'orientation': 'vertical'}
#: Most desks, agents and webhooks of an event; each kind has its own count
MAX_OBJECTS = 50


class WPCheckinPrint(WPJinjaMixinPlugin, WPEventManagement):
    """The page 'Check-in printing' of an event."""

    sidemenu_option = 'checkin_print'

    def get_extra_css_files(self):
        return [static(x) for x in ('event_page.css', 'jobs_page.css', 'desk_rules.css', 'batches.css',
                                   'certificates.css')]

    def get_extra_js_files(self):
        return [static(x) for x in ('live.js', 'dialogs.js', 'in_place.js', 'event_page.js', 'jobs_page.js',
                                    'desk_rules.js', 'calls.js', 'preview.js')]


class WPWithoutMenus(WPJinjaMixinPlugin, WPBase):
    """A page of one event for the whole screen, from a phone to a wall: Indico's styles, none of its menus."""

    def __init__(self, rh, *, title, **kwargs):
        super().__init__(rh, title=title, **kwargs)
        self.title = title

    def _get_head_content(self):
        return Markup('<meta name="viewport" content="width=device-width, initial-scale=1">')

    def _display(self, params):
        return self._get_page_content(params | self._kwargs)


def static(filename):
    """Return the URL of a file that the pages need."""
    # the version keeps browsers from using the file of an older plugin
    return url_for('plugin_checkin_print.static', filename=filename, v=current_plugin.version)


class RHCheckinPrintBase(RHManageEventBase):
    """Base class of the pages: for managers of the event's registrations.

    Everything is looked up within the event, so that a manager of one event cannot touch what belongs to another.
    """

    #: The endpoint of the tab that a button without a place of its own leads back to
    TAB = 'manage'

    PERMISSION = PERMISSION

    #: Whether it decides where the badges and data of all people go, also of those whom the user may not see
    FOR_EVERYBODY = False

    def _do_process(self):
        return sql.despite_deadlock(partial(RHManageEventBase._do_process, self))

    def _process_args(self):
        RHManageEventBase._process_args(self)
        require_feature(self.event, 'registration')

    def _check_access(self):
        RHManageEventBase._check_access(self)
        if self.FOR_EVERYBODY and not sees_all(self.event):
            raise Forbidden(_('You may see only some of the registrations. This would send the badges or data of all '
                              'of them, so it needs a manager who may see all.'))

    def _back_to_page(self, follow=None):
        """Answer a button: with what was flashed if the page's script asked, else with the page of the button.

        :param follow: The job whose outcome the script shows beside the button.
        """
        return back(self._page_of_button(), follow)

    def _page_of_button(self):
        if LIST in request.args:
            return url_for_plugin('checkin_print.jobs', self.event, **list_args(request.args))
        return url_for_plugin(f'checkin_print.{self.TAB}', self.event)

    def _log(self, kind, summary, /, **data):
        """Write to the event's log. Never give it a secret, a code or a full URL (it may contain a key)."""
        self.event.log(EventLogRealm.management, kind, 'Check-in printing', summary, session.user,
                       data={key.replace('_', ' ').capitalize(): value for key, value in data.items()})

    def _check_limit(self, query):
        """Refuse to add one more if the event has as many of a kind as it may have."""
        if query.count() >= MAX_OBJECTS:
            raise UserValueError(_('An event can have at most {} of these. Remove one that is not used any more first.')
                                 .format(MAX_OBJECTS))


class RHRegFormBase(RHCheckinPrintBase):
    """Base class for one registration form of the event."""

    def _process_args(self):
        RHCheckinPrintBase._process_args(self)
        self.regform = (RegistrationForm.query.with_parent(self.event)
                        .filter_by(id=request.view_args['reg_form_id'], is_deleted=False)
                        .first_or_404())


class RHDeskBase(RHCheckinPrintBase):
    """Base class for one desk of the event."""

    def _process_args(self):
        RHCheckinPrintBase._process_args(self)
        self.desk = (Desk.query
                     .filter_by(event_id=self.event.id, id=request.view_args['desk_id'], is_deleted=False)
                     .first_or_404())


class RHAgentBase(RHCheckinPrintBase):
    """Base class for one print agent of the event."""

    def _process_args(self):
        RHCheckinPrintBase._process_args(self)
        self.agent = (Agent.query
                      .filter_by(event_id=self.event.id, id=request.view_args['agent_id'], is_deleted=False)
                      .first_or_404())


class RHWebhookBase(RHCheckinPrintBase):
    """Base class for one webhook of the event."""

    def _process_args(self):
        RHCheckinPrintBase._process_args(self)
        self.webhook = (Webhook.query
                        .filter_by(event_id=self.event.id, id=request.view_args['webhook_id'], is_deleted=False)
                        .first_or_404())


class RHJobBase(RHCheckinPrintBase):
    """Base class for one job of the event.

    A URL with the argument ``registration`` is that of a button on the page of the job's registration. A
    user from whom Indico hides the registration is refused, as Indico does on its own pages (see `visibility`).
    """

    def _page_of_button(self):
        if 'registration' in request.args and self.job.registration is not None:
            return url_for('event_registration.registration_details', self.job.registration)
        return RHCheckinPrintBase._page_of_button(self)

    def _desk(self):
        """Return the `DeskChoice` where a badge comes out that is asked for; ``None`` is where the first one did."""

    def _process_args(self):
        RHCheckinPrintBase._process_args(self)
        self.job = (Job.query
                    .filter_by(event_id=self.event.id, id=request.view_args['job_id'])
                    .first_or_404())

    def _check_access(self):
        RHCheckinPrintBase._check_access(self)
        registration = self.job.registration
        if registration is not None and not may_manage(registration, self.PERMISSION):
            raise Forbidden(_('You are not authorized to manage this registration.'))


class DialogForm(IndicoForm):
    """Base class of the forms in the page's dialogs; knows its event and what it edits."""

    def __init__(self, *args, event, target=None, **kwargs):
        self.event = event
        #: The object that is edited, or ``None`` if it is a new one
        self.target = target
        super().__init__(*args, **kwargs)


def in_english(text):
    """Return a translatable text as the event's log has it."""
    with force_locale(None, default=False):
        return str(text)


def back(url, follow=None):
    """Return the answer to a button: JSON for the script that acts in place (`in_place.js`), else a redirect."""
    if request.accept_mimetypes.best != 'application/json':
        return redirect(url)
    return jsonify(messages=_messages(), follow=None if follow is None else follow.id)


def dialog_done(follow=None):
    """Return the answer of a dialog that did what it is for: with what was flashed if its button shows that in place.

    Other pages are loaded anew and show it then.

    :param follow: The job whose outcome the script shows beside the button.
    """
    if 'here' not in request.args:
        return jsonify_data(flash=False)
    return jsonify_data(flash=False, messages=_messages(), follow=None if follow is None else follow.id)


def _messages():
    return [{'category': category, 'text': str(text)} for category, text in get_flashed_messages(True)]


def action_form(form, submit, **kwargs):
    """Return the dialog of an action, which can be confirmed as it opens: its defaults are a valid answer.

    Indico's own `jsonify_form` is for editing: it refuses to submit what is as it was before.
    """
    return jsonify_form(form, submit=submit, disabled_until_change=False, **kwargs)
