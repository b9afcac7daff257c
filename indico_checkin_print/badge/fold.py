"""A badge that is folded: both sides on one page, adjoining, and turned so that both can be read once it is folded.

Indico's own class puts the backside of a badge that is wider than high at the foot of a sheet of A4, apart from its
front, and draws the fold of such a badge off the page; it asks nobody where the fold is.
"""

from reportlab.lib.units import cm, mm

from indico.modules.events.registration.badges import RegistrantsListToBadgesPDF

from indico_checkin_print.models.choices import Fold


#: Length of the lines at the ends of the fold
_LINE = 2 * mm


def folded_size(width, height, fold):
    """Return the size of the page on which a badge of this size and its backside are, if it is folded."""
    return {Fold.none: (width, height), Fold.side: (2 * width, height), Fold.top: (width, 2 * height)}[fold]


class FoldedAtSide(RegistrantsListToBadgesPDF):
    """The front at the left, the back at its right: what is turned behind at the right edge is read as it stands."""

    def _build_pdf(self, canvas):
        for person in self.persons:
            width = self.tpl_data.width_cm * cm
            self._draw_badge(canvas, person, self.template, self.tpl_data, 0, 0)
            self._draw_badge(canvas, person, self.template.backside_template, self.backside_tpl_data, width, 0)
            _draw_ends(canvas, (width, 0, width, _LINE), (width, self.height - _LINE, width, self.height))
            canvas.showPage()


class FoldedAtTop(RegistrantsListToBadgesPDF):
    """The front below, the back above it and upside down: the top of both is where the fold is."""

    def _build_pdf(self, canvas):
        for person in self.persons:
            height = self.tpl_data.height_cm * cm
            self._draw_badge(canvas, person, self.template, self.tpl_data, 0, height)
            canvas.saveState()
            canvas.translate(self.width, self.height)
            canvas.rotate(180)
            self._draw_badge(canvas, person, self.template.backside_template, self.backside_tpl_data, 0, height)
            canvas.restoreState()
            _draw_ends(canvas, (0, height, _LINE, height), (self.width - _LINE, height, self.width, height))
            canvas.showPage()


def _draw_ends(canvas, *lines):
    """Draw where the fold is, at the edges only: a line from edge to edge would be seen on the badge."""
    canvas.saveState()
    canvas.setLineWidth(0.5)
    canvas.setStrokeGray(0.5)
    canvas.lines(lines)
    canvas.restoreState()
