"""Who is loaded from an event, and what is known about them."""

from datetime import timedelta

import pytest

from indico.modules.events.contributions.models.contributions import Contribution
from indico.modules.events.contributions.models.persons import ContributionPersonLink, SubContributionPersonLink
from indico.modules.events.contributions.models.subcontributions import SubContribution
from indico.modules.events.models.persons import EventPerson
from indico.modules.events.registration.models.form_fields import RegistrationFormField, RegistrationFormFieldData
from indico.modules.events.registration.models.registrations import RegistrationData, RegistrationState
from indico.modules.events.registration.models.tags import RegistrationTag
from indico.modules.events.sessions.models.blocks import SessionBlock
from indico.modules.events.sessions.models.sessions import Session
from indico.modules.events.timetable.models.entries import TimetableEntry, TimetableEntryType

from indico_checkin_print.certificates.people import select
from indico_checkin_print.certificates.selection import SkipReason
from indico_checkin_print.certificates.types import HowRule, Who
from indico_checkin_print.models.choices import CertificateLanguage, CertificateSource, TopicSource
from indico_checkin_print.routing.rules import HasTag, dump


@pytest.fixture
def block(db, dummy_event):
    """Return a function that makes a session with one block of an hour in the timetable."""
    def _block(title, after, session=None):
        session = session or Session(event=dummy_event, title=title)
        block = SessionBlock(session=session, title='', duration=timedelta(hours=1))
        block.timetable_entry = TimetableEntry(event=dummy_event, type=TimetableEntryType.SESSION_BLOCK,
                                               start_dt=dummy_event.start_dt + timedelta(hours=after))
        db.session.add(session)
        db.session.flush()
        return block
    return _block


@pytest.fixture
def create_field(db, dummy_regform):
    """Return a function that makes a field of the form."""
    def _create(input_type, **data):
        field = RegistrationFormField(registration_form=dummy_regform, parent=dummy_regform.sections[0],
                                      input_type=input_type, title=input_type, data=data)
        field.current_data = RegistrationFormFieldData(versioned_data={})
        db.session.add(field)
        db.session.flush()
        return field
    return _create


def answer(db, reg, field, data):
    db.session.add(RegistrationData(registration=reg, field_data=field.current_data, data=data))
    db.session.flush()


def test_registrants(db, dummy_event, create_type, create_reg, dummy_user):
    zoe = create_reg(checked_in=True)
    absent, unpaid = create_reg('Not', 'There'), create_reg('Un', 'Paid', checked_in=True,
                                                           state=RegistrationState.unpaid)
    create_reg('Is', 'Deleted', checked_in=True, is_deleted=True)
    tag = RegistrationTag(event=dummy_event, title='Remote', color='red')
    zoe.tags, zoe.user = {tag}, dummy_user
    dummy_user.settings.set('lang', 'fr_FR')
    db.session.flush()
    selection = select(create_type(how_rules=dump([HowRule((HasTag((tag.id,)),), 'remotely')])))
    one, = selection.recipients
    assert (one.subject_key, one.full_name, one.email, one.attended_how, one.locale) == (
        f'registration:{zoe.id}', 'Zoë Müller', zoe.email, 'remotely', 'fr_FR')
    assert {(skip.recipient.registration_id, skip.reason) for skip in selection.skips} == {
        (absent.id, SkipReason.not_checked_in), (unpaid.id, SkipReason.not_complete)}
    volunteers = create_type('volunteer', who=dump([Who((HasTag((tag.id,)),))]), language=CertificateLanguage.event)
    one, = select(volunteers).recipients
    assert (one.registration_id, one.locale) == (zoe.id, dummy_event.default_locale or 'en_GB')


def test_what_a_field_says(db, create_type, create_reg, create_field, block):
    welding, glass = block('Welding', 0), block('Glass', 3)
    evening = block('Welding', 5, welding.session)
    zoe, nobody = create_reg(checked_in=True), create_reg('No', 'Choice', checked_in=True)
    sessions = create_field('sessions')
    answer(db, zoe, sessions, [welding.id, glass.id, evening.id, 2**30])
    of_sessions = create_type('masterclass', topic=TopicSource.field, topic_field_id=sessions.id,
                              hours_field_id=sessions.id)
    selection = select(of_sessions)
    assert {(one.subject_key, one.topic, one.minutes) for one in selection.recipients} == {
        (f'registration:{zoe.id}:session:{welding.session_id}', 'Welding', 180),
        (f'registration:{zoe.id}:session:{glass.session_id}', 'Glass', 180)}
    assert [(skip.recipient.registration_id, skip.reason) for skip in selection.skips] == [
        (nobody.id, SkipReason.no_topic)]
    choice = create_field('single_choice', captions={'a': 'Forging', 'b': 'Casting'})
    answer(db, nobody, choice, {'b': 1})
    one, = select(create_type('workshop', topic=TopicSource.field, topic_field_id=choice.id)).recipients
    assert (one.subject_key, one.topic) == (f'registration:{nobody.id}:choice:b', 'Casting')
    choice.is_deleted = True
    db.session.flush()
    assert select(create_type('gone', topic=TopicSource.field, topic_field_id=choice.id)).recipients == ()
    of_form, *__ = select(create_type('course', topic=TopicSource.form)).recipients
    assert of_form.topic == zoe.registration_form.title


def test_speakers(db, dummy_event, create_type):
    ada = EventPerson(event=dummy_event, first_name='Ada', last_name='Byron', email='ada@example.test')
    silent = EventPerson(event=dummy_event, first_name='No', last_name='Address', email='')

    def contribution(title, *people, scheduled=True, is_speaker=True):
        new = Contribution(event=dummy_event, title=title, duration=timedelta(minutes=20))
        new.person_links = [ContributionPersonLink(person=person, is_speaker=is_speaker) for person in people]
        if scheduled:
            new.timetable_entry = TimetableEntry(event=dummy_event, type=TimetableEntryType.CONTRIBUTION,
                                                 start_dt=dummy_event.start_dt)
        return new

    engines = contribution('Engines', ada, silent)
    engines.subcontributions = [SubContribution(title='Notes', duration=timedelta(minutes=5), person_links=[
        SubContributionPersonLink(person=ada)])]
    later = contribution('Later', ada, scheduled=False)
    contribution('Only written', ada, is_speaker=False)
    deleted = contribution('Deleted', ada)
    deleted.is_deleted = True
    db.session.flush()
    selection = select(create_type('speaker', source=CertificateSource.speakers))
    assert [(one.subject_key, one.full_name, one.topic, one.registration_id) for one in selection.recipients] == [
        (f'contribution:{engines.id}:person:{ada.id}', 'Ada Byron', 'Engines', None),
        (f'subcontribution:{engines.subcontributions[0].id}:person:{ada.id}', 'Ada Byron', 'Notes', None)]
    assert {(skip.recipient.subject_key, skip.reason) for skip in selection.skips} == {
        (f'contribution:{engines.id}:person:{silent.id}', SkipReason.no_email),
        (f'contribution:{later.id}:person:{ada.id}', SkipReason.not_scheduled)}
