"""What a badge does not show: characters without a font, stacked accents, the end of what has no room, a picture.

A job keeps its losses in its facts, by the items of the template and in numbers: what people wrote is not repeated
there. A badge with losses may print; it is never said to be complete in silence.
"""

from dataclasses import astuple, dataclass
from enum import StrEnum

from indico_checkin_print import _
from indico_checkin_print.badge.items import title_of
from indico_checkin_print.badge.pictures.limits import describe


class LossKind(StrEnum):
    """What is lost."""

    #: Boxes stand in place of characters that no font has. Detail: which, as ``U+E000 U+E001``
    missing_glyphs = 'missing_glyphs'
    #: Accents beyond those that a letter can bear in any language are left out. Detail: how many
    accents = 'accents'
    #: The end has no room, even at the smallest size. Detail: characters that are shown and all, as ``37/5000``
    cut = 'cut'
    #: A picture of the registration is left out. Detail: why, a `pictures.limits.PictureFault`
    picture = 'picture'
    #: What a rule adds is left out, because its pages have another size than those of the badge. Detail: both, in mm
    part = 'part'


_WORDS = {
    LossKind.missing_glyphs: _('{item}: boxes in place of {detail}.'),
    LossKind.accents: _('{item}: {detail} stacked accents are left out.'),
    LossKind.cut: _('{item}: cut, {shown} of {all} characters are shown.'),
    LossKind.picture: _('{item}: left out, {fault}'),
    LossKind.part: _('{item}: left out, its pages measure {shown} mm and those of the badge {all} mm.'),
}


@dataclass(frozen=True)
class Loss:
    """One loss."""

    kind: LossKind
    #: Where it is, as `items.key_of` names it
    item: str
    detail: str

    def __str__(self):
        shown, __, all_ = self.detail.partition('/')
        return _WORDS[self.kind].format(item=title_of(self.item), detail=self.detail, shown=shown, all=all_,
                                        fault=describe(self.detail))


def to_facts(losses):
    """Return what a job keeps of losses."""
    return [list(astuple(loss)) for loss in losses]


def losses_of(job):
    """Return each `Loss` of a job's document; what a newer version wrote and this one does not know is left out."""
    return [Loss(LossKind(kind), item, detail) for kind, item, detail in (job.facts or {}).get('losses', ())
            if kind in LossKind]
