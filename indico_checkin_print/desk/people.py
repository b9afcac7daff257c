"""The people whom a volunteer looks for by name, and what the pages show of somebody."""

from flask import jsonify, request
from sqlalchemy.orm import joinedload, selectinload

from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.registrations import Registration, RegistrationState

from indico_checkin_print import _
from indico_checkin_print.badge.persons import name_of
from indico_checkin_print.desk.base import RHVolunteerBase
from indico_checkin_print.errors import TooManyPeople
from indico_checkin_print.management.jobs.filter import MAX_NAME, JobFilter
from indico_checkin_print.management.jobs.query import find_people
from indico_checkin_print.management.visibility import visible_registrations


#: Fewer characters find half of all people
MIN_NAME = 2
#: How many people a search shows
MAX_HITS = 20


class RHFindPeople(RHVolunteerBase):
    """Return the people whose names, or whose number, the argument ``name`` means."""

    def _process(self):
        name = ' '.join(request.args.get('name', '').split())[:MAX_NAME]
        if len(name) < MIN_NAME and not name.isdigit():
            return jsonify(people=[], note=_('Type at least {} letters.').format(MIN_NAME))
        try:
            ids = find_people(self.event.id, JobFilter(name=name), visible_registrations(self.event))
        except TooManyPeople:
            return jsonify(people=[], note=_('Too many people have such a name. Type more of it.'))
        found = (Registration.query
                 .join(Registration.registration_form)
                 .filter(Registration.id.in_(ids), ~Registration.is_deleted, ~RegistrationForm.is_deleted)
                 .options(joinedload(Registration.registration_form), loads_summary())
                 .order_by(*Registration.order_by_name)
                 .limit(MAX_HITS + 1)
                 .all())
        note = ''
        if not found:
            note = _('Nobody has such a name.')
        elif len(found) > MAX_HITS:
            note = _('These are the first {}. Type more of the name.').format(MAX_HITS)
        return jsonify(people=[summary(x) | {'state': state_of(x)} for x in found[:MAX_HITS]], note=note)


def loads_summary():
    """Return the option of a query for registrations of which `summary` is asked."""
    return selectinload(Registration.data).joinedload('field_data').joinedload('field')


def summary(registration, person=''):
    """Return what distinguishes somebody from others of the same name: who, from where, in which form.

    :param person: The id of an accompanying person, of whom it is then.
    """
    name = name_of(registration, person)
    return {
        'registration': registration.id,
        'name': name,
        'number': registration.friendly_id,
        'affiliation': '' if person else registration.get_personal_data().get('affiliation') or '',
        'form': registration.registration_form.title,
        'accompanies': registration.full_name if person else '',
    }


def state_of(registration):
    """Return in one word what somebody at the desk has to know; nothing if they can come in."""
    if registration.checked_in:
        return _('checked in')
    return '' if registration.state == RegistrationState.complete else registration.state.title


def optional_id(text):
    """Return the id of a registration that a form has, or ``None`` if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
