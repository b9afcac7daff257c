"""How fine the dots of a desk's printer are, and whether they are black and white only."""

import re

from indico_checkin_print.badge.preview import Dots


#: What makers write into the name of a model: "ZTC ZD421-300dpi ZPL"
_DPI = re.compile(r'(?<!\d)([1-9]\d{2,3}) ?dpi\b', re.IGNORECASE)


def dots_of(desk_printer):
    """Return the `Dots` of a printer of a desk, as far as its agent says: of printers of labels in doubt.

    :param desk_printer: A `DeskPrinter`, or ``None`` for a desk without one.
    """
    found = desk_printer and next((each for each in desk_printer.agent.printers
                                   if each['name'] == desk_printer.printer), None)
    if not found:
        return Dots()
    in_name = _DPI.search(found.get('model', ''))
    return Dots(dpi=found.get('dpi') or (int(in_name[1]) if in_name else Dots.dpi),
                bits=found.get('bits') or Dots.bits)
