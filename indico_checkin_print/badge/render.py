"""One badge PDF, exactly right: drawn by Indico's own designer, on a page of the right size, always the same bytes."""

import hashlib
import threading
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

from pypdf import PdfReader
from reportlab import rl_config
from reportlab.lib.units import cm, mm
from sqlalchemy.exc import SQLAlchemyError

from indico.core import signals
from indico.modules.events.registration.badges import RegistrantsListToBadgesPDF, RegistrantsListToBadgesPDFDoubleSided
from indico.modules.events.registration.controllers.management.tickets import DEFAULT_TICKET_PRINTING_SETTINGS
from indico.modules.events.registration.util import generate_ticket

from print_agent.protocol import MAX_DOCUMENT, MAX_PAGES, MAX_SIDE_MM

from indico_checkin_print.models.rules import BadgeKind
from indico_checkin_print.reasons import Reason


@dataclass(frozen=True)
class BadgePDF:
    """A rendered document; all its pages have the same size (in mm)."""

    kind: BadgeKind
    content: bytes
    pages: int
    width_mm: float
    height_mm: float

    @property
    def sha256(self):
        return hashlib.sha256(self.content).hexdigest()


class CannotRender(Exception):
    """The badge cannot be made, and trying again will not help until a person changes something."""

    def __init__(self, reason, detail=''):
        super().__init__(detail or reason)
        self.reason = reason
        self.detail = detail


def render(registration, setup, person=''):
    """Render what a registration form prints for one registration.

    :param setup: The `FormSetup` of the registration's form.
    :param person: The id of an accompanying person, or ``''`` for the registrant. A ticket has all persons on it.
    :raises CannotRender: if the template is gone, cannot be drawn, or makes a document that no desk accepts.
    """
    if setup.kind == BadgeKind.ticket:
        return _checked(setup.kind, _reproducible(lambda: generate_ticket(registration)))
    if setup.template is None:
        raise CannotRender(Reason.template_missing)
    return _checked(setup.kind, _reproducible(lambda: _badge(registration, setup.template, setup.backside, person)))


def _badge(registration, template, backside, person):
    pdf_class = (RegistrantsListToBadgesPDFDoubleSided if backside and template.backside_template else
                 RegistrantsListToBadgesPDF)
    # Indico's page sizes are a closed list; its PDF classes only look at `size`, in points
    size = (template.data['width'] / PIXELS_CM * cm, template.data['height'] / PIXELS_CM * cm)
    config = {**DEFAULT_TICKET_PRINTING_SETTINGS, 'page_size': SimpleNamespace(size=size)}
    signals.event.designer.print_badge_template.send(template, regform=registration.registration_form,
                                                     registrations=[registration])
    pdf = pdf_class(template, config, registration.event, [registration], bool(person))
    pdf.persons = [p for p in pdf.persons if (p['id'] if p['is_accompanying'] else '') == person]
    if not pdf.persons:
        raise CannotRender(Reason.registration_gone, 'This accompanying person is no longer registered.')
    return pdf.get_pdf()


#: Pixels of a designer template per centimetre (``indico.modules.designer.pdf``)
PIXELS_CM = 50

_invariant = threading.Lock()


@contextmanager
def _invariant_pdf():
    # ReportLab's switch is global to the process: dates and ids in the PDF depend on its content alone
    with _invariant:
        before, rl_config.invariant = rl_config.invariant, 1
        try:
            yield
        finally:
            rl_config.invariant = before


def _reproducible(draw):
    try:
        with _invariant_pdf():
            return draw().getvalue()
    except (CannotRender, SQLAlchemyError):
        raise
    except Exception as exc:
        # templates are users' input: whatever is wrong with one must end as a reason on its job. Where it broke helps
        # whoever mends it; the text of the exception may quote what is on the badge
        frame = traceback.extract_tb(exc.__traceback__)[-1]
        raise CannotRender(Reason.render_failed,
                           f'{type(exc).__name__} in {Path(frame.filename).name}:{frame.lineno}') from exc


def _checked(kind, content):
    """Measure a PDF and refuse what agents would refuse."""
    if len(content) > MAX_DOCUMENT:
        raise CannotRender(Reason.document_too_large, f'{len(content)} bytes; the limit is {MAX_DOCUMENT}.')
    pages = PdfReader(BytesIO(content)).pages
    width, height = (round(float(x) / mm, 2) for x in (pages[0].mediabox.width, pages[0].mediabox.height))
    if len(pages) > MAX_PAGES or max(width, height) > MAX_SIDE_MM:
        raise CannotRender(Reason.document_too_large, f'{len(pages)} pages of {width} x {height} mm.')
    return BadgePDF(kind=kind, content=content, pages=len(pages), width_mm=width, height_mm=height)
