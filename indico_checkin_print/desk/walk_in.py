"""Those who come without a registration: register, check in and print, on one page after the other.

The form is Indico's own, in the browser and here: its React component, its schema, its `create_registration`. Then the
person is checked in as Indico does it, and the badge takes the way of every check-in.
"""

from flask import flash, jsonify, redirect, request, session
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import BadRequest, Forbidden

from indico.core.db import db
from indico.core.errors import UserValueError
from indico.core.plugins import render_plugin_template, url_for_plugin
from indico.modules.events.payment.util import toggle_registration_payment
from indico.modules.events.registration.controllers import RegistrationFormMixin
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.modules.events.registration.util import (create_registration, get_flat_section_submission_data,
                                                     get_initial_form_values, load_registration_schema,
                                                     make_registration_schema)

from indico_checkin_print import _
from indico_checkin_print.desk import walk_in_view
from indico_checkin_print.desk.base import RHVolunteerBase, WPVolunteer
from indico_checkin_print.desk.scan import set_checked_in
from indico_checkin_print.management.base import static
from indico_checkin_print.management.visibility import may_manage


#: What it needs besides the right to check people in; one of them is enough
EDIT_PERMISSIONS = ('registration', 'registration_edit')
#: Longest e-mail address that is looked up, in characters
MAX_EMAIL = 254


def may_register(event):
    """Return whether the user may register people of an event."""
    return any(event.can_manage(session.user, permission) for permission in EDIT_PERMISSIONS)


class WPWalkIn(WPVolunteer):
    """A page for walk-ins, which stays up to date."""

    def get_extra_css_files(self):
        return [static('event_page.css'), *WPVolunteer.get_extra_css_files(self), static('board.css'),
                static('walk_in.css')]

    def get_extra_js_files(self):
        return [*WPVolunteer.get_extra_js_files(self), *map(static, ('live.js', 'walk_in.js'))]


class WPWalkInForm(WPWalkIn):
    """The page with Indico's registration form."""

    bundles = ('module_events.registration.js', 'module_events.registration.css')


class RHWalkInBase(RHVolunteerBase):
    """Base class of these pages: those who register people check them in as well, and need both rights."""

    def _check_access(self):
        RHVolunteerBase._check_access(self)
        if not may_register(self.event):
            raise Forbidden(_('To register people you need the permission "Registration (manage participants only)" or '
                              '"Registration (everything)" in this event. Its managers give it on the page '
                              '"Protection".'))


class RHWalkIn(RHWalkInBase):
    """Let the volunteer choose the registration form, if there are several."""

    def _process(self):
        forms = walk_in_view.forms_of(self.event)
        if len(forms) == 1:
            return redirect(url_for_plugin('checkin_print.walk_in_form', forms[0]))
        return WPWalkIn.render_template('walk_in.html', event=self.event, title=_('Walk-in'), forms=forms,
                                        prints=walk_in_view.prints)


class RHWalkInFormBase(RegistrationFormMixin, RHWalkInBase):
    """Base class for one registration form."""

    def _process_args(self):
        RHWalkInBase._process_args(self)
        self.regform = (RegistrationForm.query.with_parent(self.event)
                        .filter_by(id=request.view_args['reg_form_id'], is_deleted=False)
                        .first_or_404())


class RHWalkInForm(RHWalkInFormBase):
    """Show the form, and register and check in whom it describes."""

    def _process_GET(self):
        return WPWalkInForm.render_template(
            'walk_in_form.html', event=self.event, title=_('Walk-in'), regform=self.regform,
            prints=walk_in_view.prints(self.regform), several=len(walk_in_view.forms_of(self.event)) > 1,
            form_data=get_flat_section_submission_data(self.regform, management=True),
            initial_values=get_initial_form_values(self.regform, management=True),
            has_predefined_affiliations=self.regform_uses_predefined_affiliations)

    def _process_POST(self):
        if self.regform.is_purged:
            raise Forbidden(_('Registration is disabled due to an expired retention period'))
        data = request.get_json(silent=True)
        if not isinstance(data, dict):
            raise BadRequest(_('This is not what the form sends.'))
        if _has_nul(data):
            raise BadRequest(_('There is a character in it that cannot be stored.'))
        # a second click waits here, and finds the person registered
        db.session.query(RegistrationForm.id).filter_by(id=self.regform.id).with_for_update(key_share=True).one()
        email = data.get('email')
        registration = walk_in_view.find_in_form(self.regform, email) if _is_email(email) else None
        if registration is None or not may_manage(registration, self.PERMISSION):
            # of somebody who is registered and hidden the form says what Indico's says
            registration = self._register(override_required=bool(data.get('override_required')))
        return jsonify(redirect=url_for_plugin('checkin_print.walk_in_person', registration))

    def _register(self, *, override_required):
        # as Indico's own RHRegistrationCreate
        schema = make_registration_schema(self.regform, management=True, override_required=override_required)
        form_data = load_registration_schema(self.regform, schema)
        notify_user = form_data.pop('notify_user', False)
        try:
            with db.session.begin_nested():
                registration = create_registration(self.regform, form_data, management=True, notify_user=notify_user)
                if not may_manage(registration, self.PERMISSION):
                    raise Forbidden(_('You may not manage whom you are registering. Nobody was registered.'))
        except IntegrityError as error:
            # this form is locked, so it was somebody on Indico's own pages
            raise UserValueError(_('Somebody registered with this address at this moment. Try again.')) from error
        if registration.state == RegistrationState.complete:
            set_checked_in(registration, True)
        return registration


class RHWalkInKnown(RHWalkInFormBase):
    """Return who has an e-mail address and is registered already, as a part of the form's page; nothing if nobody."""

    def _process(self):
        email = request.args.get('email', '')
        found = walk_in_view.find_in_event(self.event, email) if _is_email(email) else []
        known = [registration for registration in found if may_manage(registration, self.PERMISSION)]
        return render_plugin_template('checkin_print:walk_in_known.html', known=known, hidden=len(known) < len(found))


class RHWalkInPersonBase(RHWalkInFormBase):
    """Base class for one person, whom the user may see."""

    normalize_url_spec = {'locators': {lambda self: self.registration}}

    def _process_args(self):
        RHWalkInFormBase._process_args(self)
        self.registration = (Registration.query.with_parent(self.regform)
                             .filter_by(id=request.view_args['registration_id'], is_deleted=False)
                             .first_or_404())

    def _check_access(self):
        RHWalkInFormBase._check_access(self)
        if not may_manage(self.registration, self.PERMISSION):
            raise Forbidden(_('You are not authorized to manage this registration.'))


class RHWalkInPerson(RHWalkInPersonBase):
    """Show what became of a person: whether they have paid, whether they are checked in, where the badge is."""

    def _process(self):
        return WPWalkIn.render_template('walk_in_person.html', title=self.registration.full_name,
                                        **walk_in_view.context(self.registration))


class RHWalkInLive(RHWalkInPersonBase):
    """Return the part of that page that changes."""

    def _process(self):
        return render_plugin_template('checkin_print:walk_in_live.html', **walk_in_view.context(self.registration))


class RHWalkInCheckIn(RHWalkInPersonBase):
    """Check a person in, with the argument ``paid`` after their payment was entered."""

    def _process(self):
        # a second click waits here, and finds it done
        registration = (Registration.query.filter_by(id=self.registration.id).populate_existing()
                        .with_for_update(key_share=True, of=Registration).one())
        if registration.state not in walk_in_view.MAY_CHECK_IN:
            flash(_('This person cannot be checked in.'), 'warning')
        else:
            if 'paid' in request.form and registration.state == RegistrationState.unpaid:
                toggle_registration_payment(registration, paid=True)
            if not registration.checked_in:
                set_checked_in(registration, True)
        return redirect(url_for_plugin('checkin_print.walk_in_person', registration))


def _has_nul(value):
    """Return whether a text in it has the one character that PostgreSQL stores in none."""
    if isinstance(value, dict):
        return any(map(_has_nul, (*value, *value.values())))
    return any(map(_has_nul, value)) if isinstance(value, list) else isinstance(value, str) and '\0' in value


def _is_email(email):
    return isinstance(email, str) and 0 < len(email.strip()) <= MAX_EMAIL and email.strip().isprintable()
