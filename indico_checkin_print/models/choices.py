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
    """What happens when someone is checked in who has not paid."""

    __titles__ = [None, _('No badge'), _('Hold the badge until they have paid'), _('Print the badge')]
    skip = 1
    hold = 2
    print = 3


class ReprintPolicy(RichIntEnum):
    """What happens when someone is checked in again whose badge was printed already."""

    __titles__ = [None, _('Hold the badge until someone asks for it'), _('Print another badge'), _('No other badge')]
    hold = 1
    print = 2
    skip = 3


class NamelessPolicy(RichIntEnum):
    """What happens when a badge would show no name of its person."""

    __titles__ = [None, _('Hold the badge until someone corrects the name or releases it'), _('Print the badge')]
    hold = 1
    print = 2


class BadgeLanguage(RichIntEnum):
    """In which language dates, prices and the like are on a badge, unless the event enforces one."""

    __titles__ = [None, _("The event's language"), _("The registrant's language")]
    event = 1
    registrant = 2


class CheckinSource(IndicoStrEnum):
    """The ways to check someone in, as far as Indico lets us distinguish them."""

    #: Indico's check-in app
    app = 'app'
    #: One person on the management pages
    list = 'list'
    #: Several people at once in the participant list
    bulk = 'bulk'
    #: The check-in API with a personal token
    api = 'api'
    #: Another plugin or program
    other = 'other'


#: More check-ins than this at once wait for a click, unless the event says otherwise
DEFAULT_BULK_LIMIT = 20
#: The ways of check-in that print, unless the event says otherwise
DEFAULT_SOURCES = (CheckinSource.app, CheckinSource.list, CheckinSource.bulk, CheckinSource.api)
