"""Who of the chosen people gets a badge in a batch, and who does not: in few queries, however many they are."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from flask import session
from sqlalchemy.orm import joinedload, selectinload

from indico.core import signals
from indico.core.db import db
from indico.modules.events.registration.models.form_fields import RegistrationFormField, RegistrationFormFieldData
from indico.modules.events.registration.models.items import PersonalDataType
from indico.modules.events.registration.models.registrations import Registration, RegistrationData, RegistrationState
from indico.util.enum import IndicoStrEnum
from indico.util.signals import values_from_signal

from indico_checkin_print import _
from indico_checkin_print.badge.blocked import is_blocked
from indico_checkin_print.ledger.states import MAY_BE_OUT, STILL_HERE
from indico_checkin_print.management.registrations.action import latest_badges
from indico_checkin_print.management.setup.when import setup_of
from indico_checkin_print.models.choices import BadgeKind, UnpaidPolicy
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.routing.batch_order import Member


class Kind(IndicoStrEnum):
    """What a batch does about one person."""

    first = 'first'
    #: They had a badge: left out, or printed again by choice
    had = 'had'
    under_way = 'under_way'
    not_paid = 'not_paid'
    not_allowed = 'not_allowed'


SENTENCES = {
    Kind.first: _('Will get a badge: {}'),
    Kind.had: _('Already had one (skipped unless you choose "Print again"): {}'),
    Kind.under_way: _('Badge waits or is on its way, skipped: {}'),
    Kind.not_paid: _('Not paid, skipped: {}'),
    Kind.not_allowed: _('Not complete, or their ticket is blocked, skipped: {}'),
}


@dataclass(frozen=True)
class Candidate:
    """One person whose badge was asked for."""

    member: Member
    kind: Kind


def candidates_of(regform, registration_ids):
    """Return a `Candidate` for each person of the chosen registrations of a form that the user may see."""
    setup = regform.checkin_print_setup
    criteria = values_from_signal(
        signals.event.filter_registration_list.send(regform, user=session.user), as_list=True)
    registrations = (Registration.query.with_parent(regform)
                     .filter(Registration.id.in_(registration_ids), ~Registration.is_deleted, *criteria)
                     .options(joinedload('registration_form'), selectinload('tags'))
                     .all())
    ids = [registration.id for registration in registrations]
    # one that ended without paper says nothing of an earlier one, which may be out
    jobs = latest_badges(ids, Job.state.in_(MAY_BE_OUT.union(STILL_HERE)))
    companies, companions = _answers(regform, ids)
    if setup.kind != BadgeKind.badge:
        # all persons are on one ticket
        companions = {}
    pays = setup_of(regform.event).unpaid == UnpaidPolicy.print
    found = []
    for registration in registrations:
        for person, first_name, last_name in [('', registration.first_name, registration.last_name),
                                              *companions.get(registration.id, ())]:
            job = jobs.get((registration.id, person))
            member = Member(
                registration.id, registration.friendly_id, first_name, last_name, person=person,
                company=companies.get(registration.id, ''), checked_in_dt=registration.checked_in_dt,
                tag=min((tag.title for tag in registration.tags), default=''),
                reprint_of_id=job.id if job is not None and _is_out(job) else None)
            found.append(Candidate(member, _kind(registration, job, pays)))
    return found


def in_words(candidates):
    """Return the sentences of the dialog: how many of what."""
    counts = Counter(candidate.kind for candidate in candidates)
    return ' '.join(f'{sentence.format(counts[kind])}.' for kind, sentence in SENTENCES.items() if counts[kind])


def _answers(regform, registration_ids):
    """Return the affiliations, and the accompanying persons who get a badge (id, first and last name).

    Both by the id of the registration. Indico's own objects would be ten for each person.
    """
    field = RegistrationFormField
    asked = [field.personal_data_type == PersonalDataType.affiliation]
    if regform.tickets_for_accompanying_persons:
        asked.append(field.input_type == 'accompanying_persons')
    rows = (db.session.query(RegistrationData.registration_id, field.input_type, RegistrationData.data)
            .join(RegistrationFormFieldData, RegistrationFormFieldData.id == RegistrationData.field_data_id)
            .join(field, field.id == RegistrationFormFieldData.field_id)
            .filter(field.registration_form_id == regform.id, ~field.is_deleted, db.or_(*asked),
                    RegistrationData.registration_id.in_(registration_ids)))
    companies, companions = {}, defaultdict(list)
    for registration_id, input_type, data in rows:
        if input_type != 'accompanying_persons':
            # one from Indico's list of affiliations has an id as well
            companies[registration_id] = (data.get('text') if isinstance(data, dict) else data) or ''
        elif isinstance(data, list):
            companions[registration_id] += [(x['id'], x['firstName'], x['lastName']) for x in data]
    return companies, companions


def _kind(registration, job, pays):
    if registration.state not in {RegistrationState.complete, RegistrationState.unpaid}:
        return Kind.not_allowed
    if is_blocked(registration):
        return Kind.not_allowed
    if registration.state == RegistrationState.unpaid and not pays:
        return Kind.not_paid
    if job is not None and job.state in {*STILL_HERE, JobState.dispatched, JobState.printing}:
        return Kind.under_way
    return Kind.had if job is not None and _is_out(job) else Kind.first


def _is_out(job):
    return job.state in {JobState.completed, JobState.sent, JobState.unknown}
