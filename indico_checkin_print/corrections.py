"""What is on a badge has changed: a badge that has no go yet is drawn anew.

Indico has signals for some changes and none for others (tags, templates). So this listens to SQLAlchemy, which sees all
of them: a mapper notes what a flush has written, and after the flush one statement tells the ledger. A flush that
writes nothing of this costs nothing.
"""

from dataclasses import dataclass, field

from sqlalchemy import event, inspect

from indico.core.db import db
from indico.modules.categories.models.categories import Category
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.models.events import Event
from indico.modules.events.models.persons import EventPerson, EventPersonLink
from indico.modules.events.models.settings import EventSetting
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.registrations import Registration, RegistrationData

from indico_checkin_print import ledger, sql, wakeup
from indico_checkin_print.logs import log_failure
from indico_checkin_print.models.rules import EventSetup, FormSetup
from indico_checkin_print.settings import logger


#: What of these is, or may be, on a badge
_REGISTRATION = ('first_name', 'last_name', 'email', 'base_price', 'price_adjustment', 'currency', 'tags',
                 'ticket_uuid')
_EVENT = ('title', '_description', 'start_dt', 'end_dt', 'timezone', 'logo_metadata', 'category_id',
          'own_venue_id', 'own_venue_name', 'own_room_id', 'own_room_name')
#: The same, where Indico keeps it among the settings of an event
_EVENT_SETTINGS = {('core', 'organizer_info'), ('language', 'default_locale'), ('language', 'enforce_locale')}
_CATEGORY = ('title', 'default_ticket_template_id')
_FORM = ('ticket_template_id',)
_TEMPLATE = ('data', 'background_image_id', 'backside_template_id')
_FIELD = ('title', 'data', 'is_enabled', 'is_deleted', 'current_data_id')
#: Of what the event chose for all its badges
_RULES = ('language',)
_SETUP = ('kind', 'template_id', 'backside')

_CHANGES = 'checkin_print_changes'


@dataclass
class Changes:
    """What flushes have written: ids by kind."""

    registrations: set[int] = field(default_factory=set)
    #: Those of them whose check-in was undone
    undone: set[int] = field(default_factory=set)
    forms: set[int] = field(default_factory=set)
    templates: set[int] = field(default_factory=set)
    events: set[int] = field(default_factory=set)
    categories: set[int] = field(default_factory=set)


def connect(plugin):
    """Begin to listen to what Indico writes."""
    event.listen(Registration, 'after_update', _registration)
    event.listen(RegistrationData, 'after_insert', _data)
    event.listen(RegistrationData, 'after_update', _data)
    event.listen(RegistrationFormField, 'after_update', _field, propagate=True)
    event.listen(DesignerTemplate, 'after_update', _template)
    event.listen(FormSetup, 'after_update', _setup)
    event.listen(RegistrationForm, 'after_update', _form)
    event.listen(Event, 'after_update', _event)
    event.listen(Category, 'after_update', _category)
    for what in ('after_insert', 'after_update', 'after_delete'):
        event.listen(EventPersonLink, what, _of_event)
        event.listen(EventSetting, what, _event_setting)
    event.listen(EventPerson, 'after_update', _person)
    event.listen(EventSetup, 'after_update', _event_setup)
    event.listen(db.session, 'after_flush_postexec', lambda session, context: _tell(session))


def _changes(target):
    return inspect(target).session.info.setdefault(_CHANGES, Changes())


def _has_changed(target, names):
    attrs = inspect(target).attrs
    # a test asks whether all of them exist; another version of Indico must not fail here
    return any(name in attrs and attrs[name].history.has_changes() for name in names)


def _registration(mapper, connection, registration):
    if _has_changed(registration, _REGISTRATION):
        _changes(registration).registrations.add(registration.id)
    if registration.checked_in_dt is None and _has_changed(registration, ('checked_in_dt',)):
        _changes(registration).undone.add(registration.id)


def _data(mapper, connection, data):
    _changes(data).registrations.add(data.registration_id)


def _field(mapper, connection, form_field):
    if _has_changed(form_field, _FIELD):
        _changes(form_field).forms.add(form_field.registration_form_id)


def _template(mapper, connection, template):
    if _has_changed(template, _TEMPLATE):
        _changes(template).templates.add(template.id)


def _setup(mapper, connection, setup):
    if _has_changed(setup, _SETUP):
        _changes(setup).forms.add(setup.registration_form_id)


def _event(mapper, connection, target):
    if _has_changed(target, _EVENT):
        _changes(target).events.add(target.id)


def _form(mapper, connection, form):
    if _has_changed(form, _FORM):
        _changes(form).forms.add(form.id)


def _category(mapper, connection, category):
    if _has_changed(category, _CATEGORY):
        _changes(category).categories.add(category.id)


def _of_event(mapper, connection, target):
    # the names of speakers
    _changes(target).events.add(target.event_id)


def _person(mapper, connection, person):
    # it is also called for who only got another link to the event
    if _has_changed(person, ('first_name', 'last_name')):
        _of_event(mapper, connection, person)


def _event_setting(mapper, connection, setting):
    if (setting.module, setting.name) in _EVENT_SETTINGS:
        _changes(setting).events.add(setting.event_id)


def _event_setup(mapper, connection, setup):
    if _has_changed(setup, _RULES):
        _changes(setup).events.add(setup.event_id)


def _tell(session):
    changes = session.info.pop(_CHANGES, None)
    if changes is None:
        return
    # the ledger's statements are no part of Indico's work: what fails here must not undo it
    with sql.cursor() as cursor:
        cursor.execute('SAVEPOINT checkin_print_changes')
        try:
            if ledger.redraw(changes, 'system') + ledger.undo_unsignaled(changes.undone, 'system'):
                wakeup.after_commit()
            cursor.execute('RELEASE SAVEPOINT checkin_print_changes')
        except Exception as exc:
            cursor.execute('ROLLBACK TO SAVEPOINT checkin_print_changes')
            log_failure(logger, exc, 'Badges could not be drawn anew after a change')
