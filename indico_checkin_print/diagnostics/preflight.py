"""Preflight of an event: what is wrong with its badges, templates and printers before the doors open."""

import hashlib
from dataclasses import dataclass

from indico.core.db import db
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.forms import RegistrationForm

from indico_checkin_print.badge.preflight.findings import Finding, FindingKind, from_stored
from indico_checkin_print.badge.preflight.groups import Group, grouped
from indico_checkin_print.badge.preflight.templates import field_of, findings_of
from indico_checkin_print.badge.template_choice import choices_of, template_rules
from indico_checkin_print.diagnostics.labels import wrong_labels
from indico_checkin_print.diagnostics.printers import desks_of, turned_twice
from indico_checkin_print.ledger import examined
from indico_checkin_print.models.choices import DEFAULT_SMALLEST_TEXT, BadgeKind
from indico_checkin_print.models.rules import EventSetup, FormSetup


@dataclass(frozen=True)
class Report:
    """What preflight knows of an event."""

    #: How far it is
    progress: examined.Progress
    #: What it found
    groups: tuple[Group, ...]
    #: The registrations that are named in the groups, by id
    registrations: dict
    #: The templates that are named there, by id
    templates: dict

    @property
    def is_complete(self):
        """Whether everybody's badge is examined."""
        return self.progress.examined >= self.progress.people

    @property
    def has_errors(self):
        """Whether badges will wait, not come out or not scan."""
        return any(group.is_error for group in self.groups)


def report_on(event_id, *visible):
    """Return the `Report` on an event.

    What was found on badges was stored when they were examined; templates and printers are examined now.

    :param visible: Conditions for the registrations that count.
    """
    of_event, templates = _of_event(event_id)
    rows = examined.found(event_id, *visible)
    groups = grouped([((row.registration_id, row.person), _findings(row)) for row in rows], of_event)
    return Report(examined.progress(event_id, *visible), tuple(groups),
                  {row.registration_id: row.registration for row in rows}, templates)


def digest_of(event_id, *visible):
    """Return a digest of what the groups of `report_on` are made of."""
    of_event, templates = _of_event(event_id)
    named = [(id_, template.title) for id_, template in templates.items()]
    return hashlib.sha256(repr([of_event, named, examined.found_digest(event_id, *visible)]).encode()).hexdigest()[:32]


def _of_event(event_id):
    """Return each `Finding` about the templates and the printers of an event, and the templates by their ids."""
    rules, setups = template_rules(event_id), _setups(event_id)
    event_setup = EventSetup.query.get(event_id)
    smallest = event_setup.smallest_text if event_setup is not None else DEFAULT_SMALLEST_TEXT
    templates = _templates(setups, rules)
    existing = _existing_fields(template for template, __ in templates.values())
    found = [finding for template, forms in templates.values()
             for finding in findings_of(template, [_fields(form) for form in forms], existing, smallest)]
    return ([*found, *_of_printers(desks_of(event_id), setups, rules)],
            {id_: template for id_, (template, __) in templates.items()})


def _findings(row):
    found = from_stored(row.findings)
    return [*found, Finding(FindingKind.blocked)] if row.is_blocked else found


def _setups(event_id):
    """Return the `FormSetup` of each form of an event that prints."""
    return (FormSetup.query.join(RegistrationForm, RegistrationForm.id == FormSetup.registration_form_id)
            .filter(FormSetup.enabled, RegistrationForm.event_id == event_id, ~RegistrationForm.is_deleted)
            .options(db.joinedload(FormSetup.template)).order_by(RegistrationForm.id).all())


def _templates(setups, rules):
    """Return what badges are drawn with: (template, the forms whose people may get it) by the id of the template."""
    found = {}
    for setup in setups:
        form = setup.registration_form
        templates = ([form.get_ticket_template()] if setup.kind == BadgeKind.ticket else
                     [choice.template for choice in choices_of(setup, rules, with_added=True)])
        for template in templates:
            # the simple badge has no id
            forms = found.setdefault(template.id, (template, []))[1]
            if form not in forms:
                forms.append(form)
    return found


def _fields(form):
    """Return the fields of a form that are not deleted: whether each is in use, by its id."""
    return {field.id: field.is_active for field in form.form_items if field.is_field and not field.is_deleted}


def _existing_fields(templates):
    """Return the ids of the fields that templates show and that are not deleted, of whatever form."""
    shown = {field_of(item) for template in templates for side in (template, template.backside_template)
             if side is not None for item in side.data['items']} - {None}
    return {id_ for id_, in RegistrationFormField.query.filter(
        RegistrationFormField.id.in_(shown), ~RegistrationFormField.is_deleted).with_entities(
            RegistrationFormField.id)} if shown else set()


def _of_printers(desks, setups, rules):
    for each in wrong_labels(desks, setups, rules):
        kind = FindingKind.labels_too_small if each.is_too_large else FindingKind.labels
        yield Finding(kind, None, _place(desks, each), str(each.words))
    for each in turned_twice(desks, setups, rules):
        yield Finding(FindingKind.turned_twice, None, _place(desks, each), str(each.words))


def _place(desks, found):
    """Return where a printer is: the name of its desk."""
    return next(desk.name for desk in desks if desk.id == found.desk_id)
