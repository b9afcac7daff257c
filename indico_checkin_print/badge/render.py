"""One badge PDF, exactly right: drawn by Indico's own designer, on a page of the right size, always the same bytes."""

import hashlib
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from types import SimpleNamespace

from pypdf import PdfReader
from reportlab import rl_config
from reportlab.lib.units import cm, mm
from sqlalchemy.exc import SQLAlchemyError

from indico.core import signals
from indico.modules.designer.pdf import PIXELS_CM
from indico.modules.events.registration.badges import (RegistrantsListToBadgesPDF,
                                                       RegistrantsListToBadgesPDFDoubleSided,
                                                       RegistrantsListToBadgesPDFFoldable)
from indico.modules.events.registration.controllers.management.tickets import DEFAULT_TICKET_PRINTING_SETTINGS

from print_agent.protocol.messages import MAX_DOCUMENT, MAX_PAGES, MAX_SIDE_MM

from indico_checkin_print import _
from indico_checkin_print.badge.context import drawing
from indico_checkin_print.badge.edits import Edited, Recorder, in_words
from indico_checkin_print.badge.faults import describe_fault
from indico_checkin_print.badge.fold import FoldedAtSide, FoldedAtTop
from indico_checkin_print.badge.losses import LossKind
from indico_checkin_print.badge.names import is_nameless
from indico_checkin_print.badge.parts import join, of_one_size, parts_in_facts
from indico_checkin_print.badge.pictures.draw import Bare, Pictured
from indico_checkin_print.badge.qr import Scannable
from indico_checkin_print.badge.template_choice import Part, choose_parts, choose_template
from indico_checkin_print.badge.text.draw import Written
from indico_checkin_print.errors import CannotRender, MustHold
from indico_checkin_print.logs import log_failure, logger
from indico_checkin_print.models.choices import (DEFAULT_SMALLEST_TEXT, BadgeKind, BadgeLanguage, Fold,
                                                 MissingGlyphsPolicy, NamelessPolicy, QRLevel)
from indico_checkin_print.reasons.codes import Reason


@dataclass(frozen=True)
class DrawnPart:
    """What is on a document because of one template; `BadgePDF` has the same of the whole."""

    #: Its id; ``None`` for the simple badge
    template: int | None
    losses: tuple
    codes: dict
    is_nameless: bool
    #: A PDF with one copy of it, and how many there are
    content: bytes = field(repr=False)
    copies: int = 1
    #: Each `qr.Placed` in it
    placed: tuple = ()


@dataclass(frozen=True)
class BadgePDF:
    """A rendered document; all its pages have the same size (in mm)."""

    kind: BadgeKind
    content: bytes
    pages: int
    width_mm: float
    height_mm: float
    #: Whether each second page is the back of the one before
    two_sided: bool = False
    #: Each `losses.Loss`: what is on it otherwise than it was written
    losses: tuple = ()
    #: Which template it is and why, as `parts.parts_in_facts` says; nothing of a ticket
    drawn_with: dict | None = None
    #: Each `qr_limits.Code` on it, by the item that shows it
    codes: dict = field(default_factory=dict)
    #: Whether its template shows names, and it shows none
    is_nameless: bool = False
    #: Each `DrawnPart`, the badge itself first
    parts: tuple = ()

    @property
    def sha256(self):
        """The SHA-256 of the PDF, in hexadecimal: what its header announces."""
        return hashlib.sha256(self.content).hexdigest()


def render(registration, setup, person='', *, template=None, language=BadgeLanguage.event, accepted=frozenset(),
           edits=None, smallest=DEFAULT_SMALLEST_TEXT, qr_level=QRLevel.medium, alone=False):
    """Render what a registration form prints for one registration.

    :param setup: The `FormSetup` of the registration's form.
    :param person: The id of an accompanying person, or ``''`` for the registrant. A ticket has all persons on it.
    :param template: A badge template to print instead of the one that `template_choice` finds, or of a ticket.
    :param language: The event's `BadgeLanguage`.
    :param accepted: Why the badge would be held and is drawn all the same: `Reason.no_name`, `Reason.missing_glyphs`,
                     `Reason.lost_picture`.
    :param edits: Texts to print in place of those of the registration, see `badge.edits`. A ticket has none.
    :param smallest: The size in points below which no text shrinks to fit; what has no room then is cut.
    :param qr_level: The event's `QRLevel`.
    :param alone: Leave out the copies of the badge and what rules add to it.
    :raises CannotRender: if the template cannot be drawn, draws nothing, or makes a document that no desk accepts.
    :raises MustHold: if it would show no name of its person, boxes in place of characters that no font has, or not the
                      picture of its person.
    """
    kind = setup.kind if template is None else BadgeKind.badge
    left_out, parts = (), []
    if kind == BadgeKind.badge and template is None and not alone:
        left_out, parts = of_one_size(choose_parts(registration, setup, person))
    elif kind == BadgeKind.badge:
        parts = [Part(choose_template(registration, setup, person, asked=template))]
    with drawing(registration, language):
        with _invariant_pdf():
            pdfs, contents = [], []
            for part in parts or [None]:
                shown = part.choice.template if part else registration.registration_form.get_ticket_template()
                with _faults_of_template(shown.id):
                    pdf = (_prepare_badge(registration, part.choice, person, accepted, edits or {}) if part else
                           _prepare_ticket(registration, shown))
                    pdf.smallest, pdf.qr_level = smallest, qr_level
                    contents.append(pdf.get_pdf().getvalue())
                pdfs.append(pdf)
            two_sided = any(part.choice.is_two_sided for part in parts)
            copies = [part.copies for part in parts] or [1]
            with _faults_of_template():
                content = (contents[0] if copies == [1] else
                           join(zip(contents, copies, strict=True), two_sided=two_sided))
        badge = _checked(kind, content, losses=(*(loss for pdf in pdfs for loss in pdf.losses.values()), *left_out),
                         two_sided=two_sided, drawn_with=parts_in_facts(parts) if parts else None, codes=_codes(pdfs),
                         is_nameless=any(pdf.is_nameless for pdf in pdfs), parts=tuple(
                             DrawnPart(pdf.template.id, tuple(pdf.losses.values()), pdf.codes, pdf.is_nameless,
                                       *of_part, tuple(pdf.placed))
                             for pdf, *of_part in zip(pdfs, contents, copies, strict=True)))
        for reason, detail in doubts(badge):
            if reason not in accepted:
                raise MustHold(reason, detail)
        return badge


def _codes(pdfs):
    """Return the codes of all parts by their items: of two with one name that with the smaller squares."""
    codes = {}
    for pdf in pdfs:
        for item, code in pdf.codes.items():
            codes[item] = min(codes.get(item, code), code, key=lambda each: each.module_mm)
    return codes


#: All that `doubts` may yield
DOUBTS = frozenset({Reason.no_name, Reason.missing_glyphs, Reason.lost_picture})


def doubts(pdf):
    """Yield why a `BadgePDF` is held unless that is accepted: (`Reason`, detail)."""
    if pdf.is_nameless:
        yield Reason.no_name, ''
    if missing := [loss.detail for loss in pdf.losses if loss.kind == LossKind.missing_glyphs]:
        yield Reason.missing_glyphs, ' '.join(dict.fromkeys(' '.join(missing).split()))
    if pictures := [str(loss) for loss in pdf.losses if loss.kind == LossKind.picture]:
        yield Reason.lost_picture, ' '.join(pictures)


def drawing_choices(rules):
    """Return what an event says about how its badges are drawn, as `render` takes it.

    :param rules: Its `EventSetup`, if it has one.
    """
    return {'language': rules.language, 'smallest': rules.smallest_text,
            'qr_level': rules.qr_level} if rules is not None else {}


def accepted_by(rules):
    """Return for what an event does not want its badges to be held.

    :param rules: Its `EventSetup`, if it has one.
    """
    if rules is None:
        return frozenset()
    return {reason for reason, prints in ((Reason.no_name, rules.nameless == NamelessPolicy.print),
                                          (Reason.missing_glyphs, rules.missing_glyphs == MissingGlyphsPolicy.print))
            if prints}


def texts_of(registration, setup, person='', *, template=None, language=BadgeLanguage.event):
    """Return each `edits.BadgeText` of what `render` would draw; none of a ticket.

    :raises CannotRender: as `render` does.
    """
    if template is None and setup.kind == BadgeKind.ticket:
        return []
    choice = choose_template(registration, setup, person, asked=template)
    with drawing(registration, language), _faults_of_template(choice.template.id):
        pdf = _prepare(registration, choice, person, Recorder, Bare)
        pdf.texts = {}
        pdf.get_pdf()
    return in_words(pdf.texts)


def _prepare_ticket(registration, template):
    """Return what draws a ticket, as Indico's `generate_ticket` does it."""
    regform = registration.registration_form
    signals.event.designer.print_badge_template.send(template, regform=regform, registrations=[registration])
    pdf_class = RegistrantsListToBadgesPDFFoldable if template.backside_template else RegistrantsListToBadgesPDF
    ticket_class = type('Ticket', (Written, Scannable, Pictured, pdf_class), {})
    pdf = ticket_class(template, DEFAULT_TICKET_PRINTING_SETTINGS, registration.event, [registration],
                       regform.tickets_for_accompanying_persons)
    # it is Indico's, whatever is on it
    pdf.is_nameless = False
    return pdf


def _prepare_badge(registration, choice, person, accepted, edits):
    pdf = _prepare(registration, choice, person, Edited, Pictured)
    pdf.edits = edits
    items = [*choice.template.data['items'], *(choice.backside.data['items'] if choice.backside else ())]
    pdf.is_nameless = is_nameless(items, pdf.persons[0]['first_name'], pdf.persons[0]['last_name'], edits)
    if pdf.is_nameless and Reason.no_name not in accepted:
        raise MustHold(Reason.no_name)
    return pdf


def _prepare(registration, choice, person, texts, pictures):
    """Return what draws one badge.

    :param choice: The `TemplateChoice`.
    :param texts: A class that knows more about texts than `Written`, and comes before it.
    :param pictures: `Pictured` or `Bare`.
    """
    template = choice.template
    pdf_class = _CLASSES[choice.fold] if choice.backside else RegistrantsListToBadgesPDF
    # Indico's page sizes are a closed list; its PDF classes only look at `size`, in points
    size = tuple(side / PIXELS_CM * cm for side in choice.size)
    config = {**DEFAULT_TICKET_PRINTING_SETTINGS, 'page_size': SimpleNamespace(size=size)}
    signals.event.designer.print_badge_template.send(template, regform=registration.registration_form,
                                                     registrations=[registration])
    badge_class = type(texts.__name__, (texts, Written, Scannable, pictures, pdf_class), {})
    pdf = badge_class(template, config, registration.event, [registration], bool(person))
    pdf.persons = [p for p in pdf.persons if (p['id'] if p['is_accompanying'] else '') == person]
    if not pdf.persons:
        raise CannotRender(Reason.registration_gone, _('This accompanying person is no longer registered.'))
    return pdf


#: What draws both sides of a badge
_CLASSES = {Fold.none: RegistrantsListToBadgesPDFDoubleSided, Fold.side: FoldedAtSide, Fold.top: FoldedAtTop}

_invariant = threading.Lock()


@contextmanager
def _invariant_pdf():
    """Let ReportLab make the same bytes of the same content."""
    # ReportLab's switch is global to the process: dates and ids in the PDF depend on its content alone
    with _invariant:
        before, rl_config.invariant = rl_config.invariant, 1
        try:
            yield
        finally:
            rl_config.invariant = before


@contextmanager
def _faults_of_template(template=None):
    """Turn what Indico's designer raises into `CannotRender`.

    :param template: The id of the template with which it draws, if it is one.
    """
    try:
        yield
    except (MustHold, SQLAlchemyError):
        raise
    except CannotRender as exc:
        exc.template = template
        raise
    except Exception as exc:
        # templates are users' input: whatever is wrong with one must end as a reason on its job
        log_failure(logger, exc, 'A badge could not be drawn')
        raise CannotRender(Reason.render_failed, describe_fault(exc), template) from exc


def _checked(kind, content, **about):
    """Measure a PDF and refuse what agents would refuse."""
    if len(content) > MAX_DOCUMENT:
        raise CannotRender(Reason.document_too_large, _('{size} bytes; the limit is {limit}.').format(
            size=len(content), limit=MAX_DOCUMENT))
    pages = PdfReader(BytesIO(content)).pages
    if not pages:
        raise CannotRender(Reason.nothing_drawn)
    width, height = (round(float(x) / mm, 2) for x in (pages[0].mediabox.width, pages[0].mediabox.height))
    if len(pages) > MAX_PAGES or max(width, height) > MAX_SIDE_MM:
        raise CannotRender(Reason.document_too_large, _('{pages} pages of {width} x {height} mm.').format(
            pages=len(pages), width=width, height=height))
    return BadgePDF(kind=kind, content=content, pages=len(pages), width_mm=width, height_mm=height, **about)
