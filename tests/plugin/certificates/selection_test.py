"""Who gets a certificate: each skip has its reason, and nobody gets two of the same."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indico_checkin_print.certificates.selection import (SENTENCES, Registrant, SkipReason, Speaker, attended_minutes,
                                                         select_registrants, select_speakers)
from indico_checkin_print.certificates.types import HowRule, TypeRules, Who, rules_of
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.choices import TopicSource
from indico_checkin_print.routing.rules import Facts, FormIs, HasTag


DOCS = (Path(__file__).parents[3] / 'docs' / 'certificates.md').read_text()
ZOE = Registrant(1, 'Zoë', 'Zoë Müller', 'zoe@example.test', 'en_GB', True, True, Facts(5, tags=frozenset({7})))
ADA = Speaker('contribution:3', 2, 'Ada', 'Ada Byron', 'ada@example.test', 'en_GB', 'Engines', True)
VOLUNTEERS = TypeRules(who=(Who((HasTag((7,)),)), Who((FormIs((6,)),))))
MASTERCLASS = TypeRules(topic=TopicSource.field)


def skips(selection):
    return [(skip.recipient.subject_key, skip.reason) for skip in selection.skips]


def test_a_recipient():
    one, = select_registrants([ZOE], TypeRules()).recipients
    assert (one.subject_key, one.registration_id, one.full_name, one.topic, one.attended_how) == (
        'registration:1', 1, 'Zoë Müller', '', '')


@pytest.mark.parametrize(('change', 'rules', 'reason'), [
    ({'is_complete': False}, TypeRules(), SkipReason.not_complete),
    ({'checked_in': False}, TypeRules(), SkipReason.not_checked_in),
    ({'full_name': ' ', 'email': ''}, TypeRules(), SkipReason.no_name),
    ({'email': ''}, TypeRules(), SkipReason.no_email),
    ({'facts': Facts(5), 'checked_in': False}, VOLUNTEERS, SkipReason.not_meant),
    ({}, TypeRules(who=()), SkipReason.not_meant),
    ({}, MASTERCLASS, SkipReason.no_topic),
])
def test_each_skip_has_its_reason(change, rules, reason):
    selection = select_registrants([replace(ZOE, **change)], rules)
    assert selection.recipients == ()
    assert skips(selection) == [('registration:1', reason)]


def test_by_choice_who_was_not_there():
    assert select_registrants([replace(ZOE, checked_in=False)], TypeRules(checked_in_only=False)).recipients


def test_one_of_the_groups_is_enough():
    in_form = replace(ZOE, registration_id=2, email='z@example.test', facts=Facts(6))
    assert [x.registration_id for x in select_registrants([ZOE, in_form], VOLUNTEERS).recipients] == [1, 2]


def test_one_person_in_two_forms():
    twin = replace(ZOE, registration_id=2, full_name='zoë  MÜLLER', email='Zoe@Example.test')
    selection = select_registrants([ZOE, twin], TypeRules())
    assert [x.subject_key for x in selection.recipients] == ['registration:1']
    assert (selection.skips[0].reason, selection.skips[0].other) == (SkipReason.duplicate, 'registration:1')
    # the one that has a certificate keeps it, and a first one that is skipped takes nobody's place
    known = select_registrants([ZOE, twin], TypeRules(), {'registration:2'})
    assert [x.subject_key for x in known.recipients] == ['registration:2']
    absent = select_registrants([replace(ZOE, checked_in=False), twin], TypeRules())
    assert [x.subject_key for x in absent.recipients] == ['registration:2']
    # another person with the same address, or the same name
    others = [ZOE, replace(ZOE, registration_id=2, full_name='Max Müller'),
              replace(ZOE, registration_id=3, email='x@y')]
    assert len(select_registrants(others, TypeRules()).recipients) == 3


def test_one_for_each_topic():
    person = replace(ZOE, topics=(('session:3', 'Welding'), ('session:4', 'Glass')))
    assert [(x.subject_key, x.topic) for x in select_registrants([person], MASTERCLASS).recipients] == [
        ('registration:1:session:3', 'Welding'), ('registration:1:session:4', 'Glass')]
    of_form = replace(ZOE, topics=(('', 'Welding'),))
    assert [(x.subject_key, x.topic) for x in select_registrants([of_form], MASTERCLASS).recipients] == [
        ('registration:1', 'Welding')]


def test_how_they_attended():
    rules = TypeRules(how_rules=(HowRule((HasTag((7,)),), 'remotely'),), how_else='on site')
    hows = [x.attended_how for x in select_registrants([ZOE, replace(ZOE, registration_id=2, email='x@y',
                                                                     facts=Facts(5))], rules).recipients]
    assert hows == ['remotely', 'on site']


def test_speakers():
    people = [ADA, replace(ADA, of='contribution:4', title='Notes'),
              replace(ADA, of='subcontribution:4', title='Aside'),
              replace(ADA, of='contribution:5', title='Later', is_scheduled=False),
              replace(ADA, person_id=9, full_name='Nobody Known', email='')]
    selection = select_speakers(people)
    assert [(x.subject_key, x.topic) for x in selection.recipients] == [
        ('contribution:3:person:2', 'Engines'), ('contribution:4:person:2', 'Notes'),
        ('subcontribution:4:person:2', 'Aside')]
    assert skips(selection) == [('contribution:5:person:2', SkipReason.not_scheduled),
                                ('contribution:3:person:9', SkipReason.no_email)]


def test_conditions_that_cannot_be_read_fit_nobody():
    assert rules_of(CertificateType(who=None, how_rules=[])).who is None
    assert rules_of(CertificateType(who=[], how_rules=[])).who == ()
    assert rules_of(CertificateType(who=[{'when': 'always'}], how_rules=[])).who == ()


@pytest.mark.parametrize(('hours', 'minutes'), [
    ([], 0), ([(9, 10)], 60), ([(9, 10), (9, 10)], 60), ([(9, 11), (10, 12)], 180), ([(13, 14), (9, 10)], 120),
    ([(9, 12), (10, 11), (11, 13)], 240)])
def test_what_overlaps_counts_once(hours, minutes):
    at = [datetime(2026, 5, 1, hour, tzinfo=UTC) for hour in range(24)]
    assert attended_minutes([(at[start], at[end]) for start, end in hours]) == minutes


def test_every_reason_has_a_sentence():
    assert set(SENTENCES) == set(SkipReason)
    rows = re.findall(r'^\| `(\w+)` \| (.*) \|$', DOCS.partition('| reason | |')[2].partition('\n\n')[0], re.MULTILINE)
    assert dict(rows) == {str(reason): str(sentence) for reason, sentence in SENTENCES.items()}
