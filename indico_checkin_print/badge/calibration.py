"""The calibration sheet of a desk's printer, as a document like a badge."""

from print_agent.protocol.calibration_sheet import make

from indico_checkin_print.badge.render import BadgePDF
from indico_checkin_print.models.choices import BadgeKind


def render_calibration_sheet(printer, width_mm, height_mm):
    """Return the `BadgePDF` of the sheet for a printer of an agent, by its name there."""
    return BadgePDF(kind=BadgeKind.badge, content=make(printer, (width_mm, height_mm)), pages=1, width_mm=width_mm,
                    height_mm=height_mm)
