"""Badges to be looked at: each as it would come out now, with what is wrong with it in words, and nothing printed.

A badge that would wait for somebody is shown as it comes out when it is released.
"""

from dataclasses import dataclass

from indico_checkin_print.badge.losses import Loss
from indico_checkin_print.badge.qr_limits import judge
from indico_checkin_print.badge.render import accepted_by, drawing_choices, render
from indico_checkin_print.errors import CannotRender, MustHold


@dataclass(frozen=True)
class Shown:
    """A badge, or why there is none."""

    #: Its PDF; empty if it cannot be drawn
    content: bytes = b''
    width_mm: float = 0
    height_mm: float = 0
    #: What is wrong with it: why it would wait or not come out, and what it does not show
    notes: tuple[str, ...] = ()


def show(registration, rules, person='', *, dots=None, **asked):
    """Draw a badge and return what is `Shown`.

    :param rules: The `EventSetup` of its event, if it has one.
    :param dots: The `Dots` of the printer for which codes are judged; without them they are not.
    :param asked: What somebody asks for this once, as `render` takes it.
    """
    setup, accepted, notes = registration.registration_form.checkin_print_setup, set(accepted_by(rules)), []
    while True:
        try:
            pdf = render(registration, setup, person, accepted=accepted, **drawing_choices(rules), **asked)
        except MustHold as exc:
            notes.append(_sentence(exc))
            accepted.add(exc.reason)
        except CannotRender as exc:
            return Shown(notes=(*notes, _sentence(exc)))
        else:
            return Shown(pdf.content, pdf.width_mm, pdf.height_mm,
                         (*notes, *map(str, pdf.losses), *(_about_codes(pdf, dots) if dots is not None else ())))


def _about_codes(pdf, dots):
    return dict.fromkeys(str(why) for code in pdf.codes.values() for why in judge(code, dots.dpi, bits=dots.bits)[1])


def shown_ahead(prepared):
    """Return what is `Shown` of a badge that was drawn ahead.

    :param prepared: A `Prepared` that has a document.
    """
    document = prepared.document
    return Shown(document.content, document.width_mm, document.height_mm,
                 tuple(str(Loss(*loss)) for loss in prepared.losses or ()))


def _sentence(exc):
    return f'{exc.reason.sentence} {exc.detail}'.strip()
