"""Whether the printers of desks have the labels of their badges loaded: known when a desk is set up, not on paper."""

from dataclasses import dataclass

from indico.modules.designer.pdf import PIXELS_CM

from print_agent.protocol import media

from indico_checkin_print import _
from indico_checkin_print.badge.separator import A4_CM
from indico_checkin_print.badge.template_choice import choices_of
from indico_checkin_print.models.choices import BadgeKind


@dataclass(frozen=True)
class WrongLabels:
    """A printer of a desk whose labels are not those of a badge that comes out there. Sizes in mm."""

    #: The desk's id, and the position of the printer at it
    desk_id: int
    position: int
    printer: str
    badge: media.Size
    loaded: tuple[media.Size, ...]
    #: Whether the badge fits on none of them, so that its agent does not print it
    is_too_large: bool

    @property
    def words(self):
        """The fact in a sentence."""
        loaded = ', '.join(map(media.in_words, self.loaded))
        words = (_('The badge measures {badge}; {printer} has {loaded} loaded, so it prints none of these badges.')
                 if self.is_too_large else _('The badge measures {badge}; {printer} has {loaded} loaded.'))
        return words.format(badge=media.in_words(self.badge), printer=self.printer, loaded=loaded)


def sizes_of(setup, rules=()):
    """Return width and height in mm of all that people of a registration form may get.

    :param rules: What `template_rules` returns for the event.
    """
    if setup.kind == BadgeKind.ticket:
        return [tuple(side * 10 for side in A4_CM)]
    return [tuple(round(side / PIXELS_CM * 10, 1) for side in choice.size) for choice in choices_of(setup, rules)]


def badge_sizes(desk, setups, rules=(), *, is_first):
    """Return the sizes of the badges that come out at a desk, as the registration forms say.

    :param setups: The `FormSetup` of each form of the event that prints.
    :param is_first: Whether it is the first desk of the event, which forms without a desk print at.
    """
    return list(dict.fromkeys(size for setup in setups
                              if setup.desk_id == desk.id or (setup.desk_id is None and is_first)
                              for size in sizes_of(setup, rules)))


def wrong_labels(desks, setups, rules=()):
    """Return the `WrongLabels` at desks of one event, in their order.

    :param desks: The desks by id, with their printers and agents.
    :param rules: What `template_rules` returns for the event.
    """
    return [found for number, desk in enumerate(desks)
            for size in badge_sizes(desk, setups, rules, is_first=not number)
            for printer in desk.printers
            if (found := _judge(printer, size)) is not None]


def _judge(desk_printer, size):
    reported = next((each for each in desk_printer.agent.printers if each['name'] == desk_printer.printer), {})
    names = reported.get('media', ())
    if not reported.get('loaded') or media.is_loaded(size, names):
        return None
    return WrongLabels(desk_id=desk_printer.desk_id, position=desk_printer.position, printer=desk_printer.printer,
                       badge=size, loaded=tuple(media.sizes(names)),
                       is_too_large=media.too_small(size, names) is not None)


def label_problem(desk_printer, size):
    """Return in a sentence that a printer of a desk has other labels loaded than those of a badge; empty if not.

    :param size: Width and height of the badge, in mm.
    """
    found = _judge(desk_printer, size)
    return str(found.words) if found is not None else ''
