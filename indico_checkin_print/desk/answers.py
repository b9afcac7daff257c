"""The answer to a scan, in one word: decided from facts that the caller loads, so it is pure."""

from dataclasses import dataclass

from indico.modules.events.registration.models.registrations import RegistrationState
from indico.util.enum import IndicoStrEnum

from indico_checkin_print import _


class Answer(IndicoStrEnum):
    """The answer that a volunteer, or a person at a kiosk, gets."""

    welcome = 'welcome'
    already_in = 'already_in'
    not_paid = 'not_paid'
    other_event = 'other_event'
    withdrawn = 'withdrawn'
    rejected = 'rejected'
    pending = 'pending'
    blocked = 'blocked'
    unknown = 'unknown'

    @property
    def word(self):
        """The answer as it stands on the screen."""
        return _WORDS[self]

    @property
    def sentence(self):
        """What there is to do."""
        return _SENTENCES[self]

    @property
    def tone(self):
        """How it looks and sounds: ``good`` (go in), ``note`` (is in) or ``stop``."""
        return {Answer.welcome: 'good', Answer.already_in: 'note'}.get(self, 'stop')


_WORDS = {
    Answer.welcome: _('Welcome'),
    Answer.already_in: _('Already in'),
    Answer.not_paid: _('Not paid'),
    Answer.other_event: _('Other event'),
    Answer.withdrawn: _('Withdrawn'),
    Answer.rejected: _('Rejected'),
    Answer.pending: _('Not approved yet'),
    Answer.blocked: _('Blocked'),
    Answer.unknown: _('Unknown code'),
}
_SENTENCES = {
    Answer.welcome: _('Checked in.'),
    Answer.already_in: _('Nothing was changed.'),
    Answer.not_paid: _('The registration is not paid. Nobody was checked in.'),
    Answer.other_event: _('This ticket is not for this event. Nobody was checked in.'),
    Answer.withdrawn: _('The registration was withdrawn. Nobody was checked in.'),
    Answer.rejected: _('The registration was rejected. Nobody was checked in.'),
    Answer.pending: _('The registration waits for approval. Nobody was checked in.'),
    Answer.blocked: _('The ticket is blocked. Nobody was checked in.'),
    Answer.unknown: _('This is not a ticket of this event. Nobody was checked in.'),
}
_STATES = {
    RegistrationState.withdrawn: Answer.withdrawn,
    RegistrationState.rejected: Answer.rejected,
    RegistrationState.pending: Answer.pending,
}


@dataclass(frozen=True)
class Facts:
    """What is known about the registration that a code leads to."""

    same_event: bool
    state: RegistrationState
    #: Whether a plugin blocks its ticket
    blocked: bool
    checked_in: bool
    #: Whether a badge waits that prints when the ticket is scanned here
    badge_waits: bool = False


def decide(facts, *, unpaid_too=False):
    """Return the `Answer`. Only *Welcome* checks somebody in, or prints the badge of somebody who is in already.

    :param facts: The `Facts`, or ``None`` if the code leads to nobody whom the user may see.
    :param unpaid_too: Whether people come in who have not paid, because somebody said so.
    """
    if facts is None:
        return Answer.unknown
    if not facts.same_event:
        return Answer.other_event
    if answer := _STATES.get(facts.state):
        return answer
    if facts.blocked:
        return Answer.blocked
    if facts.checked_in and not facts.badge_waits:
        return Answer.already_in
    if facts.state == RegistrationState.unpaid and not unpaid_too:
        return Answer.not_paid
    return Answer.welcome
