"""What managers can choose about printing. No table here, so that what only decides needs no database."""

from indico.util.enum import IndicoStrEnum, RichIntEnum

from indico_checkin_print import _


class BadgeKind(RichIntEnum):
    """What comes out of the printer."""

    __titles__ = [None, _('Ticket (A4)'), _('Badge')]
    #: Indico's own ticket of the registration form, on A4
    ticket = 1
    #: A designer template of the event, on a page of exactly its own size
    badge = 2


class UnpaidPolicy(RichIntEnum):
    """What happens when somebody is checked in who has not paid."""

    __titles__ = [None, _('No badge'), _('Hold the badge until they have paid or somebody releases it'),
                  _('Print the badge')]
    skip = 1
    hold = 2
    print = 3


class ReprintPolicy(RichIntEnum):
    """What happens when somebody is checked in again whose badge was printed already."""

    __titles__ = [None, _('Hold the badge until somebody releases it'), _('Print another badge'), _('No other badge')]
    hold = 1
    print = 2
    skip = 3


class NamelessPolicy(RichIntEnum):
    """What happens when a badge would show no name of its person."""

    __titles__ = [None, _('Hold the badge until somebody corrects the name or releases it'), _('Print the badge')]
    hold = 1
    print = 2


class MissingGlyphsPolicy(RichIntEnum):
    """What happens when no font of the server has a character of a badge."""

    __titles__ = [None, _('Hold the badge until somebody corrects the text or releases it'),
                  _('Print the badge with boxes in their place')]
    hold = 1
    print = 2


class BadgeLanguage(RichIntEnum):
    """In which language dates, prices and the like are on a badge, unless the event enforces one."""

    __titles__ = [None, _("The event's language"), _("The registrant's language")]
    event = 1
    registrant = 2


class QRLevel(RichIntEnum):
    """How much of a code on a badge may be unreadable: the error correction levels of ISO/IEC 18004."""

    __titles__ = [None, _('Low (7 %): the largest modules'), _('Medium (15 %)'), _('Quartile (25 %)'),
                  _('High (30 %): the smallest modules')]
    low = 1
    medium = 2
    quartile = 3
    high = 4

    @property
    def constant(self):
        """What `qrcode` calls it, which is how the level is written in a symbol."""
        return (1, 0, 3, 2)[self - 1]


class PrepareWhen(RichIntEnum):
    """When the badges of an event are drawn that nobody has asked for yet."""

    __titles__ = [None, _('When somebody asks for it'), _('At a set time'), _('Whenever the server has nothing to do')]
    request = 1
    time = 2
    idle = 3


class Fold(RichIntEnum):
    """Where the backside of a badge is printed."""

    __titles__ = [None, _('On the other side of the sheet, or on a second sheet'),
                  _('Right of the front, to be folded at the right edge'),
                  _('Above the front, to be folded at the top')]
    #: On a page of its own
    none = 1
    side = 2
    top = 3


class CertificateSource(RichIntEnum):
    """Who gets a type of certificate."""

    __titles__ = [None, _('Registrants'), _('Speakers')]
    #: People of registrations; of these, those whom the type's conditions fit
    registrations = 1
    #: One for each speaker of each scheduled contribution or subcontribution
    speakers = 2


class CertificateLanguage(RichIntEnum):
    """In which language a certificate and its e-mail are, unless the event enforces one."""

    __titles__ = [None, _("The recipient's language, else the event's"), _("The event's language")]
    recipient = 1
    event = 2


class TopicSource(RichIntEnum):
    """What a certificate is about besides the event: the title of a masterclass."""

    __titles__ = [None, _('Nothing else'), _('The title of the registration form'),
                  _('The answer to a field: a choice, or sessions')]
    none = 1
    form = 2
    #: Of a field with sessions there is one certificate for each session
    field = 3


class TemplateLevel(IndicoStrEnum):
    """What decided with which template a badge is drawn; the first that there is does."""

    #: Somebody chose it for this print
    asked = 'asked'
    #: A template rule of the event
    rule = 'rule'
    #: What the registration form prints
    form = 'form'
    #: The default badge of the category
    category = 'category'
    #: The simple badge of this product, see `badge.builtin`
    builtin = 'builtin'


class BadgeEdit(IndicoStrEnum):
    """What somebody may change about one badge, for one print."""

    text = 'text'
    template = 'template'
    printer = 'printer'
    copies = 'copies'


class CheckinSource(IndicoStrEnum):
    """The ways to check somebody in, as far as Indico lets us distinguish them."""

    #: Indico's check-in app
    app = 'app'
    #: The scan station of this product
    scan = 'scan'
    #: The scan station while its volunteer lets people in only: it never prints, whatever an event chooses
    scan_only = 'scan_only'
    #: The person themselves, at a kiosk
    kiosk = 'kiosk'
    #: One person on the management pages
    list = 'list'
    #: One person who came without a registration
    walk_in = 'walk_in'
    #: Several people at once in the participant list
    bulk = 'bulk'
    #: The check-in API with a personal token
    api = 'api'
    #: Another plugin or program
    other = 'other'


class WebhookEvent(IndicoStrEnum):
    """What a webhook can be notified of: the ``type`` of its messages."""

    checked_in = 'registration.checked_in'
    undone = 'checkin.undone'
    changed = 'registration.changed'
    printed = 'badge.printed'
    failed = 'badge.failed'
    unknown = 'badge.unknown'
    expired = 'badge.expired'
    away = 'agent.away'
    back = 'agent.back'
    stopped = 'printer.stopped'
    ready = 'printer.ready'

    @property
    def is_about_person(self):
        """Whether its messages belong to a registration."""
        return self not in EQUIPMENT_EVENTS

    @property
    def title(self):
        """What a manager chooses."""
        return _EVENT_TITLES[self]

    @property
    def label(self):
        """What a list says about a message."""
        return _EVENT_LABELS[self]


#: What is about a print agent or a printer
EQUIPMENT_EVENTS = (WebhookEvent.away, WebhookEvent.back, WebhookEvent.stopped, WebhookEvent.ready)
_EVENT_TITLES = {
    WebhookEvent.checked_in: _('Somebody is checked in'),
    WebhookEvent.undone: _('A check-in is undone'),
    WebhookEvent.changed: _('A registration is changed'),
    WebhookEvent.printed: _('A badge is printed'),
    WebhookEvent.failed: _('A badge fails'),
    WebhookEvent.unknown: _('Nobody knows whether a badge came out'),
    WebhookEvent.expired: _('A badge gets too old to be printed'),
    WebhookEvent.away: _('A print agent is away'),
    WebhookEvent.back: _('A print agent is back'),
    WebhookEvent.stopped: _('A printer of a desk stops'),
    WebhookEvent.ready: _('A printer of a desk is ready again'),
}
_EVENT_LABELS = {
    WebhookEvent.checked_in: _('check-in'),
    WebhookEvent.undone: _('check-in undone'),
    WebhookEvent.changed: _('registration changed'),
    WebhookEvent.printed: _('badge printed'),
    WebhookEvent.failed: _('badge failed'),
    WebhookEvent.unknown: _('badge unknown'),
    WebhookEvent.expired: _('badge expired'),
    WebhookEvent.away: _('agent away'),
    WebhookEvent.back: _('agent back'),
    WebhookEvent.stopped: _('printer stopped'),
    WebhookEvent.ready: _('printer ready'),
}
#: What a webhook is notified of unless its manager says otherwise
DEFAULT_EVENTS = (WebhookEvent.checked_in, WebhookEvent.undone)
#: What volunteers may change, unless the event says otherwise: another template may be that of another kind of people
DEFAULT_EDITS = (BadgeEdit.text, BadgeEdit.printer, BadgeEdit.copies)
#: More check-ins than this at once wait for a click, unless the event says otherwise
DEFAULT_BULK_LIMIT = 20
#: The size below which no text shrinks, in points, unless the event says otherwise
DEFAULT_SMALLEST_TEXT = 6
#: The ways of check-in that print, unless the event says otherwise
DEFAULT_SOURCES = (CheckinSource.app, CheckinSource.scan, CheckinSource.kiosk, CheckinSource.list, CheckinSource.bulk,
                   CheckinSource.api, CheckinSource.walk_in)
