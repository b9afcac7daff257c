"""What the printers of desks mean for the badges that come out there: how fine their dots are, how they turn pages."""

from dataclasses import dataclass

from print_agent.protocol import media

from indico_checkin_print import _
from indico_checkin_print.badge.preview import Dots
from indico_checkin_print.diagnostics.dots import dots_of
from indico_checkin_print.diagnostics.labels import badge_sizes
from indico_checkin_print.models.desks import Desk


@dataclass(frozen=True)
class TurnedTwice:
    """A printer of a desk that may turn badges that its calibration has turned."""

    #: The desk's id, and the position of the printer at it
    desk_id: int
    position: int
    printer: str
    #: Width and height in mm of its labels, as it has them
    label: media.Size
    #: By how many degrees its calibration turns badges
    degrees: int

    @property
    def words(self):
        """The fact in a sentence, and what to do."""
        return _('{printer} has its labels as {label}, and its calibration turns badges by {degrees}°: they may be '
                 'turned twice. Print a test badge, and calibrate the printer again if it comes out turned.').format(
            printer=self.printer, label=media.in_words(self.label), degrees=self.degrees)


def desks_of(event_id):
    """Return the desks of an event, the first one first."""
    return Desk.query.filter_by(event_id=event_id, is_deleted=False).order_by(Desk.id).all()


def coarsest_dots(desks):
    """Return the `Dots` of the coarsest of the desks' printers, for which what others print is fine enough."""
    return min((dots_of(printer) for desk in desks for printer in desk.printers),
               key=lambda dots: (dots.dpi, -dots.bits), default=Dots())


def turned_twice(desks, setups, rules=()):
    """Return each `TurnedTwice` at desks of one event.

    :param setups: The `FormSetup` of each form of the event that prints.
    :param rules: What `template_rules` returns for the event.
    """
    return [found for number, desk in enumerate(desks) for printer in desk.printers
            if (found := _judge(printer, badge_sizes(desk, setups, rules, is_first=not number))) is not None]


def _judge(printer, badges):
    degrees, reported = (printer.calibration or {}).get('orientation', 0), _reported(printer)
    names = reported.get('media', ())
    # what is set at the computer of the printer comes first, and its own doctor knows
    if degrees % 180 == 0 or reported.get('calibrated'):
        return None
    sizes = media.sizes(names)
    for badge in badges:
        lying = media.turned(badge)
        if media.takes_custom(lying, names) or any(media.is_about(lying, size) for size in sizes):
            continue
        if label := next((size for size in sizes if media.is_about(badge, size)), None):
            return TurnedTwice(printer.desk_id, printer.position, printer.printer, label, degrees)
    return None


def _reported(printer):
    """Return what the agent says of a printer."""
    return next((each for each in printer.agent.printers if each['name'] == printer.printer), {})
