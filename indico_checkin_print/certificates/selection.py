"""Who gets a certificate of a type, and of all others why not. Pure: ``people.py`` loads the facts."""

import unicodedata
from dataclasses import dataclass, replace

from indico.util.enum import IndicoStrEnum

from indico_checkin_print import _
from indico_checkin_print.models.choices import TopicSource
from indico_checkin_print.routing.rules import Facts


class SkipReason(IndicoStrEnum):
    """Why somebody gets no certificate of a type; the first that is so."""

    not_meant = 'not_meant'
    not_complete = 'not_complete'
    not_checked_in = 'not_checked_in'
    not_scheduled = 'not_scheduled'
    no_topic = 'no_topic'
    no_name = 'no_name'
    no_email = 'no_email'
    duplicate = 'duplicate'


SENTENCES = {
    SkipReason.not_meant: _('The conditions of the type do not fit'),
    SkipReason.not_complete: _('The registration is not complete'),
    SkipReason.not_checked_in: _('Not checked in'),
    SkipReason.not_scheduled: _('The contribution is not in the timetable'),
    SkipReason.no_topic: _('Nothing was chosen that the certificate could be about'),
    SkipReason.no_name: _('No name'),
    SkipReason.no_email: _('No e-mail address'),
    SkipReason.duplicate: _('The same person has another one: same name, same e-mail address'),
}


@dataclass(frozen=True)
class Registrant:
    """What is asked about a registration."""

    registration_id: int
    first_name: str
    full_name: str
    email: str
    locale: str
    is_complete: bool
    checked_in: bool
    #: What the conditions ask
    facts: Facts
    #: What it may be about, with a key that names it: ``('', 'Title of the form')``, ``('session:3', 'Workshop')``
    topics: tuple[tuple[str, str], ...] = ()
    #: How long it attended, by the sessions that it chose
    minutes: int | None = None


@dataclass(frozen=True)
class Speaker:
    """What is asked about a speaker of a contribution or subcontribution."""

    #: ``contribution:7`` or ``subcontribution:2``
    of: str
    person_id: int
    first_name: str
    full_name: str
    email: str
    locale: str
    title: str
    is_scheduled: bool


@dataclass(frozen=True)
class Recipient:
    """Somebody who gets a certificate, and what stands on it."""

    #: Names it in its type, for ever
    subject_key: str
    first_name: str
    full_name: str
    email: str
    locale: str
    registration_id: int | None = None
    topic: str = ''
    attended_how: str = ''
    minutes: int | None = None


@dataclass(frozen=True)
class Skip:
    """Somebody who gets none, and why."""

    recipient: Recipient
    reason: SkipReason
    #: Of a duplicate the `Recipient.subject_key` of the other one
    other: str = ''


@dataclass(frozen=True)
class Selection:
    """All people of a type."""

    recipients: tuple[Recipient, ...]
    skips: tuple[Skip, ...]


def select_registrants(registrants, rules, known=frozenset()):
    """Return the `Selection` among the `Registrant` objects of an event.

    :param rules: The `types.TypeRules`.
    :param known: The subject keys that have a certificate: of two registrations of one person, that one keeps it.
    """
    judged = []
    for person in registrants:
        recipient = Recipient(f'registration:{person.registration_id}', person.first_name, person.full_name,
                              person.email, person.locale, person.registration_id, minutes=person.minutes)
        reason = _blocked_by(person, rules)
        if reason is not None or rules.topic == TopicSource.none:
            judged.append((replace(recipient, attended_how=rules.how(person.facts)), reason))
        elif not person.topics:
            judged.append((recipient, SkipReason.no_topic))
        else:
            judged += [(replace(recipient, subject_key=':'.join(filter(None, (recipient.subject_key, key))),
                                topic=title, attended_how=rules.how(person.facts)), None)
                       for key, title in person.topics]
    return _selection(judged, known)


def select_speakers(speakers, known=frozenset()):
    """Return the `Selection` among the `Speaker` objects of an event: one certificate for each contribution."""
    return _selection([(Recipient(f'{speaker.of}:person:{speaker.person_id}', speaker.first_name, speaker.full_name,
                                  speaker.email, speaker.locale, topic=speaker.title),
                        None if speaker.is_scheduled else SkipReason.not_scheduled) for speaker in speakers], known)


def _blocked_by(person, rules):
    if not rules.is_for(person.facts):
        return SkipReason.not_meant
    if not person.is_complete:
        return SkipReason.not_complete
    if rules.checked_in_only and not person.checked_in:
        return SkipReason.not_checked_in
    return None


def _selection(judged, known):
    found, skips, taken = [], [], {}
    # those who have a certificate first, then in the order in which they came
    for recipient, reason in sorted(judged, key=lambda item: item[0].subject_key not in known):
        same = (_key(recipient.full_name), _key(recipient.email), _key(recipient.topic))
        if reason is None:
            reason = (SkipReason.no_name if not same[0] else SkipReason.no_email if not same[1]
                      else SkipReason.duplicate if same in taken else None)
        if reason is None:
            taken[same] = recipient.subject_key
            found.append(recipient)
        else:
            skips.append(Skip(recipient, reason, taken[same] if reason == SkipReason.duplicate else ''))
    return Selection(tuple(found), tuple(skips))


def _key(text):
    """Return a text as it is compared: without differences of case, width, spelling in Unicode, or blanks."""
    return ' '.join(unicodedata.normalize('NFKC', text).casefold().split())


def attended_minutes(periods):
    """Return for how many minutes somebody was in sessions; what overlaps counts once.

    :param periods: Pairs of the start and the end of each session that the person chose.
    """
    seconds, until = 0, None
    for start, end in sorted(periods):
        if until is None or end > until:
            seconds += (end - (start if until is None else max(start, until))).total_seconds()
            until = end
    return round(seconds / 60)
