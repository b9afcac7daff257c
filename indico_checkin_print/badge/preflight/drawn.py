"""What the drawing of a badge shows: one drawing yields the document and all that is wrong with it."""

from dataclasses import dataclass
from typing import Any

from indico_checkin_print.badge.losses import LossKind
from indico_checkin_print.badge.preflight.codes import read_codes
from indico_checkin_print.badge.preflight.findings import Finding, FindingKind, code_detail
from indico_checkin_print.badge.qr_limits import Verdict, judge
from indico_checkin_print.badge.render import DOUBTS, doubts, render
from indico_checkin_print.badge.template_choice import choose_template
from indico_checkin_print.errors import CannotRender
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.reasons.codes import Reason


@dataclass(frozen=True)
class Drawn:
    """What came of drawing a badge."""

    #: The `BadgePDF`, if it can be drawn
    pdf: Any
    #: Why there is none, or why somebody must decide about it: a `Reason`
    reason: Any
    #: Each `Finding`
    findings: tuple


#: What came of it if our own fault, or that of the database, kept a badge from being drawn
NOT_DRAWN = Drawn(None, Reason.render_failed, (Finding(FindingKind.not_drawn, None, str(Reason.render_failed)),))


def draw(registration, person, choices, dots):
    """Draw the badge of a person, whatever would hold it. Return what is `Drawn`.

    :param choices: What `render.drawing_choices` returns.
    :param dots: The `Dots` of the coarsest printer at which it may come out.
    """
    setup = registration.registration_form.checkin_print_setup
    try:
        pdf = render(registration, setup, person, accepted=DOUBTS, **choices)
    except CannotRender as exc:
        # of what is wrong with all of its documents together the badge itself stands for them
        template = exc.template if exc.template is not None else _template_of(registration, setup, person)
        return Drawn(None, exc.reason, (Finding(FindingKind.not_drawn, template, str(exc.reason), str(exc.detail)),))
    # what rules add twice is wrong once
    return Drawn(pdf, next((reason for reason, __ in doubts(pdf)), None), tuple(dict.fromkeys(_findings(pdf, dots))))


def _template_of(registration, setup, person):
    if setup.kind == BadgeKind.ticket:
        return registration.registration_form.get_ticket_template().id
    return choose_template(registration, setup, person).template.id


def _findings(pdf, dots):
    for part in pdf.parts:
        if part.is_nameless:
            yield Finding(FindingKind.nameless, part.template)
        for loss in part.losses:
            yield Finding(FindingKind(loss.kind), part.template, loss.item, loss.detail)
        read = read_codes(part.content, dots, part.placed)
        for each in part.placed:
            is_read = each in read
            if judge(each.code, dots.dpi, bits=dots.bits, read=None if is_read else ())[0] != Verdict.ok:
                yield Finding(FindingKind.code, part.template, each.item, code_detail(each.code, dots, is_read=is_read))
    for loss in pdf.losses:
        if loss.kind == LossKind.part:
            yield Finding(FindingKind.part, pdf.parts[0].template, loss.item, loss.detail)
