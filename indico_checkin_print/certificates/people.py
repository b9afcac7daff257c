"""Loads what `selection` asks about the people of an event: a handful of statements for any number of them."""

from collections import defaultdict

from sqlalchemy.orm import joinedload

from indico.core.config import config
from indico.core.db import db
from indico.modules.events.contributions.models.contributions import Contribution
from indico.modules.events.contributions.models.persons import ContributionPersonLink, SubContributionPersonLink
from indico.modules.events.contributions.models.subcontributions import SubContribution
from indico.modules.events.registration.models.form_fields import RegistrationFormFieldData
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.items import RegistrationFormItem
from indico.modules.events.registration.models.registrations import Registration, RegistrationData, RegistrationState
from indico.modules.events.sessions.models.blocks import SessionBlock
from indico.modules.events.sessions.models.sessions import Session
from indico.modules.events.timetable.models.entries import TimetableEntry
from indico.modules.users.models.settings import UserSetting

from indico_checkin_print.certificates.selection import (Registrant, Speaker, attended_minutes, select_registrants,
                                                         select_speakers)
from indico_checkin_print.certificates.states import C
from indico_checkin_print.certificates.types import rules_of
from indico_checkin_print.ledger.rule_facts import load_facts
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.choices import CertificateLanguage, CertificateSource, CheckinSource, TopicSource


def select(type_):
    """Return the `Selection` of a `CertificateType`: who gets one, and of all others why not."""
    known = {key for key, in db.session.query(Certificate.subject_key)
             .filter(Certificate.type_id == type_.id, Certificate.state != C.canceled)}
    if type_.source == CertificateSource.speakers:
        return select_speakers(_speakers(type_), known)
    return select_registrants(_registrants(type_), rules_of(type_), known)


def _registrants(type_):
    rows = (db.session.query(Registration.id, Registration.registration_form_id, RegistrationForm.title,
                             Registration.first_name, Registration.last_name, Registration.email, Registration.state,
                             Registration.checked_in, Registration.user_id)
            .join(RegistrationForm, RegistrationForm.id == Registration.registration_form_id)
            .filter(Registration.event_id == type_.event_id, ~Registration.is_deleted, ~RegistrationForm.is_deleted)
            .order_by(Registration.id).all())
    facts = load_facts(rules_of(type_).asked, [(row.id, row.registration_form_id, row.last_name) for row in rows],
                       day=None, way=CheckinSource.other)
    locales = _Locales(type_, {row.user_id for row in rows})
    topics = _topics(type_)
    minutes = _minutes(type_)
    return [Registrant(row.id, row.first_name, f'{row.first_name} {row.last_name}'.strip(), row.email,
                       locales.of(row.user_id), row.state == RegistrationState.complete, row.checked_in, facts[row.id],
                       (('', row.title),) if type_.topic == TopicSource.form else topics.get(row.id, ()),
                       minutes.get(row.id)) for row in rows]


def _speakers(type_):
    found = []
    for link, of, kind in ((ContributionPersonLink, Contribution, 'contribution'),
                           (SubContributionPersonLink, SubContribution, 'subcontribution')):
        query = (db.session.query(link, of.id, of.title, TimetableEntry.id.isnot(None).label('is_scheduled'))
                 .join(of, of.id == getattr(link, f'{kind}_id')))
        if of is SubContribution:
            query = query.join(Contribution, Contribution.id == SubContribution.contribution_id)
        else:
            query = query.filter(ContributionPersonLink.is_speaker)
        found += [(f'{kind}:{row.id}', row) for row in query
                  .outerjoin(TimetableEntry, TimetableEntry.contribution_id == Contribution.id)
                  .filter(Contribution.event_id == type_.event_id, ~Contribution.is_deleted, ~of.is_deleted)
                  .options(joinedload(link.person).raiseload('*'))
                  .order_by(of.id, link.display_order, link.id)]
    locales = _Locales(type_, {row[0].person.user_id for __, row in found})
    return [Speaker(key, row[0].person_id, row[0].first_name, row[0].full_name, row[0].person.email or '',
                    locales.of(row[0].person.user_id), row.title, row.is_scheduled) for key, row in found]


class _Locales:
    """The locale of each person's certificate. A language that the event enforces has the last word, as in e-mails."""

    def __init__(self, type_, user_ids):
        self._event = type_.event
        self._users = defaultdict(dict)
        if type_.language == CertificateLanguage.recipient:
            for row in UserSetting.query.filter(UserSetting.module == 'users', UserSetting.user_id.in_(user_ids),
                                                UserSetting.name.in_(['lang', 'force_language'])):
                self._users[row.user_id][row.name] = row.value

    def of(self, user_id):
        event, user = self._event, self._users.get(user_id, {})
        locale = user.get('lang')
        # the same rules as those of `Event.get_forced_event_locale`, without a statement for each user
        if locale and event.enforce_locale and event.default_locale and not user.get('force_language') \
                and locale not in event.supported_locales:
            locale = None
        return locale or event.default_locale or config.DEFAULT_LOCALE


def _answers(field_id):
    """Return what was answered to a field, by the id of the registration; nothing of a field that is deleted."""
    parent = db.aliased(RegistrationFormItem)
    return (RegistrationData.query
            .join(RegistrationFormFieldData, RegistrationFormFieldData.id == RegistrationData.field_data_id)
            .join(RegistrationFormItem, RegistrationFormItem.id == RegistrationFormFieldData.field_id)
            .join(parent, parent.id == RegistrationFormItem.parent_id)
            .filter(RegistrationFormItem.id == field_id, ~RegistrationFormItem.is_deleted, ~parent.is_deleted)
            .with_entities(RegistrationData.registration_id, RegistrationData.data).all())


def _blocks(type_):
    """Return the blocks of the event's sessions that are in the timetable, by id."""
    return {block.id: block for block in SessionBlock.query.join(Session)
            .filter(Session.event_id == type_.event_id, ~Session.is_deleted)
            .options(joinedload(SessionBlock.timetable_entry).raiseload('*'), joinedload(SessionBlock.session))
            if block.timetable_entry is not None}


def _topics(type_):
    """Return what the answers to the type's field are about, by the id of the registration."""
    if type_.topic != TopicSource.field or type_.topic_field_id is None:
        return {}
    field = RegistrationFormItem.get(type_.topic_field_id)
    if field.input_type == 'sessions':
        blocks = _blocks(type_)
        # several blocks of one session are one topic
        return {id_: tuple({f'session:{block.session_id}': (f'session:{block.session_id}', block.session.title)
                            for number in data if (block := blocks.get(number)) is not None}.values())
                for id_, data in _answers(field.id) if isinstance(data, list)}
    captions = field.data.get('captions', {})
    return {id_: tuple((f'choice:{choice}', captions[choice]) for choice, places in data.items()
                       if places and choice in captions)
            for id_, data in _answers(field.id) if isinstance(data, dict)}


def _minutes(type_):
    """Return how long people were in the sessions that they chose, by the id of the registration."""
    if type_.hours_field_id is None:
        return {}
    blocks = _blocks(type_)
    return {id_: attended_minutes([(blocks[number].start_dt, blocks[number].end_dt) for number in data
                                   if number in blocks])
            for id_, data in _answers(type_.hours_field_id) if isinstance(data, list)}
