"""The messages that a webhook gets, as types: version 1 of ``docs/webhook-v1.schema.json``, which is made from them.

Within a version fields may be added, but none may change or go. What a manager did not choose is left out of a message.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from print_agent.protocol.messages import Job


#: In ISO 8601, with its UTC offset
Timestamp = Annotated[str, Meta(extra_json_schema={'format': 'date-time'})]
#: The answer in a field of a registration form; of a choice its words
Value = bool | int | float | str | list[str] | None


class Event(Struct, frozen=True, kw_only=True):
    """The event of the check-in."""

    id: int
    title: str
    url: str


class Form(Struct, frozen=True, kw_only=True):
    """A registration form."""

    id: int
    title: str


class FormField(Struct, frozen=True, kw_only=True):
    """A field of the registration's own form, with the attendee's answer."""

    id: int
    title: str
    value: Value


class Registration(Struct, frozen=True, kw_only=True):
    """The registration of the check-in. Fields that are not required are there if they are chosen."""

    id: int
    form: Form
    checked_in_dt: Timestamp | None
    friendly_id: int | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    full_name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    affiliation: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    fields: list[FormField] | UnsetType = UNSET


class EventData(Struct, frozen=True, kw_only=True):
    """Data of a test event."""

    event: Event


class RegistrationData(EventData, frozen=True, kw_only=True):
    """Data of a check-in, or of a change."""

    registration: Registration


class BadgeData(EventData, frozen=True, kw_only=True):
    """Data of a badge. The test badge of a desk belongs to no registration."""

    job: Job
    #: Where the receiver may report the outcome
    callback: str
    registration: Registration | UnsetType = UNSET


class Badge(Struct, frozen=True, kw_only=True):
    """A badge, and what became of it."""

    #: The same number as in the API (docs/api.md) and in the title of the print job
    id: int
    #: The id of an accompanying person; empty for the registrant
    person: str
    #: ``completed`` if the printer said so, ``sent`` if it cannot say more; ``failed``, ``unknown`` or ``expired``
    state: str
    #: A code of docs/ledger.md or docs/protocol.md
    reason: str
    #: The reason in words, in English
    message: str
    #: The name of the desk; empty if it had none
    desk: str
    #: The name of the printer; empty if it got to none
    printer: str


class BadgeOutcomeData(RegistrationData, frozen=True, kw_only=True):
    """Data of what became of a badge."""

    badge: Badge


class Agent(Struct, frozen=True, kw_only=True):
    """A print agent, at a computer with printers."""

    id: int
    name: str


class AgentData(EventData, frozen=True, kw_only=True):
    """Data of a print agent that went away or came back."""

    agent: Agent
    #: The names of the desks that use it
    desks: list[str]
    #: Since when it has been so, as far as Indico knows
    since: Timestamp
    #: Why, as a code of docs/agent.md, of the printer (IPP) or of Indico; empty if all is well
    reason: str
    #: The same in a few English words
    message: str


class PrinterData(AgentData, frozen=True, kw_only=True):
    """Data of a printer that stopped or is ready again."""

    #: Its name at the agent
    printer: str


class Message(Struct, frozen=True, kw_only=True, tag_field='type'):
    """What all messages have."""

    #: When it happened; the same for every attempt
    timestamp: Timestamp
    version: Literal[1] = 1


class BadgePrint(Message, frozen=True, kw_only=True, tag='badge.print'):
    """A badge to print; its PDF is the other part of the request."""

    data: BadgeData


class CheckedIn(Message, frozen=True, kw_only=True, tag='registration.checked_in'):
    """Somebody was checked in."""

    data: RegistrationData


class CheckinUndone(Message, frozen=True, kw_only=True, tag='checkin.undone'):
    """The check-in with this ``checked_in_dt`` was undone."""

    data: RegistrationData


class RegistrationChanged(Message, frozen=True, kw_only=True, tag='registration.changed'):
    """A registration was changed: its state, its tags, or what its person said."""

    data: RegistrationData


class BadgePrinted(Message, frozen=True, kw_only=True, tag='badge.printed'):
    """A badge came out, as far as its printer can say."""

    data: BadgeOutcomeData


class BadgeFailed(Message, frozen=True, kw_only=True, tag='badge.failed'):
    """No badge came out and none will, unless a person retries."""

    data: BadgeOutcomeData


class BadgeUnknown(Message, frozen=True, kw_only=True, tag='badge.unknown'):
    """A badge may or may not have come out: a person must check."""

    data: BadgeOutcomeData


class BadgeExpired(Message, frozen=True, kw_only=True, tag='badge.expired'):
    """A badge got too old to be printed."""

    data: BadgeOutcomeData


class AgentAway(Message, frozen=True, kw_only=True, tag='agent.away'):
    """A print agent that desks use is not connected."""

    data: AgentData


class AgentBack(Message, frozen=True, kw_only=True, tag='agent.back'):
    """It is connected again."""

    data: AgentData


class PrinterStopped(Message, frozen=True, kw_only=True, tag='printer.stopped'):
    """A printer of a desk prints nothing until somebody does something about it."""

    data: PrinterData


class PrinterReady(Message, frozen=True, kw_only=True, tag='printer.ready'):
    """It prints again."""

    data: PrinterData


class WebhookTest(Message, frozen=True, kw_only=True, tag='webhook.test'):
    """A manager tests the webhook."""

    data: EventData


MESSAGES = (BadgePrint, CheckedIn, CheckinUndone, RegistrationChanged, BadgePrinted, BadgeFailed, BadgeUnknown,
            BadgeExpired, AgentAway, AgentBack, PrinterStopped, PrinterReady, WebhookTest)
