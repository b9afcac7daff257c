"""What preflight can find, how bad it is, and what it is called.

What was found on a badge is stored as codes and numbers: neither a name nor a language is in it.
"""

from dataclasses import astuple, dataclass
from enum import StrEnum

from indico_checkin_print import _
from indico_checkin_print.badge.items import title_of
from indico_checkin_print.badge.losses import LossKind
from indico_checkin_print.badge.pictures.limits import describe as describe_picture
from indico_checkin_print.badge.qr_limits import Code, Verdict, judge
from indico_checkin_print.reasons.codes import describe


class FindingKind(StrEnum):
    """What was found."""

    # -- on the badge of a person
    #: It shows no name
    nameless = 'nameless'
    #: The losses of the same names, with their details (`badge.losses`)
    missing_glyphs = LossKind.missing_glyphs.value
    accents = LossKind.accents.value
    cut = LossKind.cut.value
    picture = LossKind.picture.value
    part = LossKind.part.value
    #: Another plugin of Indico blocks the ticket of the person
    blocked = 'blocked'

    # -- on all badges with a template
    #: It cannot be drawn. Item: the code of the reason. Detail: more about it, in words
    not_drawn = 'not_drawn'
    #: Its code may not scan. Detail: see `code_detail`
    code = 'code'
    #: A field that people of a form do not have. Detail: ``deleted``, ``off`` or ``foreign``
    field = 'field'
    #: An item is not on the page as a whole. Detail: by how many mm
    outside = 'outside'
    #: Letters smaller than the event's smallest. Detail: theirs and that, in points, as ``4/6``
    small_text = 'small_text'
    #: A picture that cannot be printed. Detail: in words
    template_picture = 'template_picture'

    # -- at a printer. Detail: in words
    #: It has other labels than a badge that comes out there
    labels = 'labels'
    #: The badge fits on none of its labels
    labels_too_small = 'labels_too_small'
    #: It turns pages that its calibration has turned already
    turned_twice = 'turned_twice'


#: Those about a person; all others are about a template or a printer
PERSONAL = frozenset({FindingKind.nameless, FindingKind.missing_glyphs, FindingKind.accents, FindingKind.cut,
                      FindingKind.picture, FindingKind.blocked})
#: Those at a printer; their item is the name of its desk
AT_PRINTERS = frozenset({FindingKind.labels, FindingKind.labels_too_small, FindingKind.turned_twice})
#: With these, badges wait, do not come out, or do not scan
_ERRORS = frozenset({FindingKind.nameless, FindingKind.missing_glyphs, FindingKind.picture, FindingKind.not_drawn,
                     FindingKind.template_picture, FindingKind.labels_too_small})

TITLES = {
    FindingKind.nameless: _('No name'),
    FindingKind.missing_glyphs: _('Characters without a font'),
    FindingKind.accents: _('Stacked accents'),
    FindingKind.cut: _('Text that is cut'),
    FindingKind.picture: _('Picture of a person'),
    FindingKind.part: _('Document that is left out'),
    FindingKind.blocked: _('Ticket that is blocked'),
    FindingKind.not_drawn: _('Badge that cannot be made'),
    FindingKind.code: _('QR code'),
    FindingKind.field: _('Field'),
    FindingKind.outside: _('Outside the page'),
    FindingKind.small_text: _('Small text'),
    FindingKind.template_picture: _('Picture of a template'),
    FindingKind.labels: _('Other labels'),
    FindingKind.labels_too_small: _('Labels that are too small'),
    FindingKind.turned_twice: _('Turned twice'),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was found."""

    kind: FindingKind
    #: The id of the template; ``None`` for the simple badge, and where it does not matter
    template: int | None = None
    #: Where it is, as `items.key_of` names it
    item: str = ''
    detail: str = ''

    @property
    def is_error(self):
        """Whether badges wait, do not come out or do not scan; otherwise they are worse than they could be."""
        if self.kind == FindingKind.code:
            return self.verdict == Verdict.fail
        return self.kind in _ERRORS

    @property
    def verdict(self):
        """The `Verdict` about a code."""
        return _judge_detail(self.detail)[0]

    @property
    def words(self):
        """The fact in a sentence, or some."""
        return _WORDS[self.kind](self)


def to_stored(findings):
    """Return what is stored of findings."""
    return [list(astuple(finding)) for finding in findings]


def from_stored(stored):
    """Return each `Finding`; what a newer version wrote and this one does not know is left out."""
    return [Finding(FindingKind(kind), *more) for kind, *more in stored or () if kind in FindingKind]


def code_detail(code, dots, *, is_read):
    """Return the detail of a finding about a `Code`.

    :param dots: The `Dots` of the printer for which it was judged.
    :param is_read: Whether a reader found the code in the picture of the page.
    """
    return f'{dots.dpi}/{dots.bits} {code.count} {code.module_mm:.4f} {code.quiet:.4f} {int(is_read)}'


def _judge_detail(detail):
    dots, count, module_mm, quiet, is_read = detail.split()
    dpi, bits = map(int, dots.split('/'))
    code = Code('', int(count), float(module_mm), float(quiet))
    return judge(code, dpi, bits=bits, read=None if is_read == '1' else ())


def _lost(words):
    return lambda finding: words.format(item=title_of(finding.item), detail=finding.detail,
                                        shown=finding.detail.partition('/')[0], all=finding.detail.partition('/')[2])


def _said(words):
    return lambda finding: words


def _of_field(finding):
    return {
        'deleted': _('{item}: this field was deleted, so nothing prints there. Remove it from the template.'),
        'off': _('{item}: this field is switched off, so nothing prints there. Remove it from the template, or switch '
                 'it on in the registration form.'),
        'foreign': _('{item}: this field belongs to another registration form, so nothing prints there. Give the form '
                     'a template of its own.'),
    }[finding.detail].format(item=title_of(finding.item))


_WORDS = {
    FindingKind.nameless: _said(_('The badge shows no name.')),
    FindingKind.missing_glyphs: _lost(_('{item}: no font has {detail}.')),
    FindingKind.accents: _lost(_('{item}: {detail} stacked accents are left out.')),
    FindingKind.cut: _lost(_('{item}: cut, {shown} of {all} characters are shown.')),
    FindingKind.picture: lambda finding: _('{item}: left out, {fault}').format(
        item=title_of(finding.item), fault=describe_picture(finding.detail)),
    FindingKind.part: _lost(_('{item}: left out, its pages measure {shown} mm and those of the badge {all} mm.')),
    FindingKind.blocked: _said(_('The ticket is blocked, so this person may not be let in.')),
    FindingKind.not_drawn: lambda finding: f'{describe(finding.item)} {finding.detail}'.strip(),
    FindingKind.code: lambda finding: ' '.join(map(str, _judge_detail(finding.detail)[1])),
    FindingKind.field: _of_field,
    FindingKind.outside: _lost(_('{item}: {detail} mm of it are outside the page. Move it, or make it smaller.')),
    FindingKind.small_text: _lost(_('{item}: the template has it in {shown} points, which is less than the smallest '
                                    'text of the event, {all} points.')),
    FindingKind.template_picture: lambda finding: finding.detail,
    FindingKind.labels: lambda finding: finding.detail,
    FindingKind.labels_too_small: lambda finding: finding.detail,
    FindingKind.turned_twice: lambda finding: finding.detail,
}
