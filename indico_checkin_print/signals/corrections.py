"""What is on a badge has changed: a badge that has no go yet is drawn anew, and webhooks that ask for it are notified.

Indico has signals for some changes and none for others (tags, templates). So this listens to SQLAlchemy, which sees all
of them: a mapper notes what a flush has written, and after the flush it is entered in the ledger. A flush that writes
nothing of this costs nothing.
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

from indico_checkin_print import kick, ledger
from indico_checkin_print.badge.content import EVENT_SETTINGS, ON_A_BADGE
from indico_checkin_print.ledger.forget import forget_edits
from indico_checkin_print.models.rules import EventSetup, FormSetup
from indico_checkin_print.signals.savepoint import savepoint


#: Which badges a model concerns: a kind of `Changes`, and the attribute with the id
CONCERNS = {
    Registration: ('registrations', 'id'), RegistrationData: ('registrations', 'registration_id'),
    RegistrationForm: ('forms', 'id'), RegistrationFormField: ('forms', 'registration_form_id'),
    FormSetup: ('forms', 'registration_form_id'), DesignerTemplate: ('templates', 'id'), Event: ('events', 'id'),
    EventPerson: ('events', 'event_id'), EventPersonLink: ('events', 'event_id'),
    EventSetting: ('events', 'event_id'), EventSetup: ('events', 'event_id'), Category: ('categories', 'id'),
}
#: Of these a new or a deleted one is a change as well
_COME_AND_GO = {RegistrationData, EventPersonLink, EventSetting, EventSetup}

_CHANGES = 'checkin_print_changes'
#: Registrations that are new in this transaction: nobody has heard of them, so their changes are no news
_NEW = 'checkin_print_new'


@dataclass
class Changes:
    """What a flush has written: ids by kind."""

    registrations: set[int] = field(default_factory=set)
    #: Those whose state was changed, which is on no badge
    states: set[int] = field(default_factory=set)
    #: Those whose check-in was undone
    undone: set[int] = field(default_factory=set)
    #: Those that are new: they have no badge yet
    created: set[int] = field(default_factory=set)
    forms: set[int] = field(default_factory=set)
    templates: set[int] = field(default_factory=set)
    events: set[int] = field(default_factory=set)
    categories: set[int] = field(default_factory=set)
    #: Forms of which Indico purged the answers to a field
    purged: set[int] = field(default_factory=set)


def connect(plugin):
    """Begin to listen to what Indico writes."""
    for model in CONCERNS:
        event.listen(model, 'after_update', _updated, propagate=True)
    for model in _COME_AND_GO:
        event.listen(model, 'after_insert', _came_or_went)
        event.listen(model, 'after_delete', _came_or_went)
    event.listen(Registration, 'after_update', _undone)
    event.listen(Registration, 'after_update', _state_changed)
    event.listen(Registration, 'after_insert', _created)
    event.listen(RegistrationFormField, 'after_update', _purged, propagate=True)
    # what a flush noted that failed never came to pass
    event.listen(db.session, 'before_flush', lambda session, *args: session.info.pop(_CHANGES, None))
    event.listen(db.session, 'after_flush_postexec', lambda session, context: _enter(session))
    event.listen(db.session, 'after_transaction_end', _forget_new)


def _changes(target):
    return inspect(target).session.info.setdefault(_CHANGES, Changes())


def _has_changed(target, names):
    state = inspect(target)
    # the histories take a check-in ten times as long as this, and most changes are of something else
    touched = set(names) - state.unmodified
    # SQLAlchemy also calls for what was only touched; and a test asks whether all of them exist, because another
    # version of Indico must not fail here
    return any(name in state.attrs and state.attrs[name].history.has_changes() for name in touched)


def _updated(mapper, connection, target):
    model = next(model for model in CONCERNS if isinstance(target, model))
    if _has_changed(target, ON_A_BADGE[model]):
        _note(model, target)


def _came_or_went(mapper, connection, target):
    _note(type(target), target)


def _note(model, target):
    if model is EventSetting and (target.module, target.name) not in EVENT_SETTINGS:
        return
    kind, attr = CONCERNS[model]
    getattr(_changes(target), kind).add(getattr(target, attr))


def _undone(mapper, connection, registration):
    if registration.checked_in_dt is None and _has_changed(registration, ('checked_in_dt',)):
        _changes(registration).undone.add(registration.id)


def _state_changed(mapper, connection, registration):
    if _has_changed(registration, ('state',)):
        _changes(registration).states.add(registration.id)


def _purged(mapper, connection, field):
    if field.is_purged and _has_changed(field, ('is_purged',)):
        _changes(field).purged.add(field.registration_form_id)


def _created(mapper, connection, registration):
    _changes(registration).created.add(registration.id)
    inspect(registration).session.info.setdefault(_NEW, set()).add(registration.id)


def _forget_new(session, transaction):
    if transaction.parent is None:
        session.info.pop(_NEW, None)


def _enter(session):
    """Let the ledger draw anew what shows something old, and undo what was undone."""
    changes = session.info.pop(_CHANGES, None)
    if changes is None:
        return
    changes.registrations -= changes.created
    # Once more after a failure, because the end of a savepoint lets the other side of a deadlock proceed. If it fails
    # again, the statement that gives the go still finds that a badge shows something old, or that nobody wants it.
    for last in (False, True):
        with savepoint('Badges could not be drawn anew after a change', log=last) as attempt:
            if changes.registrations:
                ledger.forget_prepared(changes.registrations)
            if ledger.redraw(changes, 'system') + ledger.undo_unsignaled(changes.undone, 'system'):
                kick.after_commit()
        if not attempt.failed:
            break
    if changes.purged:
        with savepoint('Texts that were changed on badges of forms %s could not be deleted', sorted(changes.purged)):
            forget_edits(changes.purged)
    changed = (changes.registrations | changes.states) - session.info.get(_NEW, set())
    if changed:
        with savepoint('Webhooks could not be notified of a change'):
            if ledger.announce_changed(changed, 'system'):
                kick.after_commit()
