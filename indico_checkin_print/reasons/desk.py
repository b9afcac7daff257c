"""Why a badge comes out at its desk, in words: the detail of the first row of a job's history."""

from enum import StrEnum

from indico_checkin_print import _


#: So begins the detail of a row of the history that says why the badge goes to its desk
PREFIX = 'desk:'


class DeskReason(StrEnum):
    """Why a badge goes to a desk."""

    #: It went there before, and is printed once more
    earlier = 'earlier'
    #: A manager assigned the device that scanned to the desk
    device = 'device'
    #: The volunteer who scanned chose the desk
    volunteer = 'volunteer'
    #: It is the desk of the first rule that fits; its number and its words follow in the detail
    rule = 'rule'
    #: Its registration form chose the desk
    form = 'form'
    #: It is the first desk of the event
    default = 'default'
    #: The event has no desk
    none = 'none'


SENTENCES = {
    DeskReason.earlier: _('This desk, because the badge went there before.'),
    DeskReason.device: _('This desk, because the device that scanned is assigned to it.'),
    DeskReason.volunteer: _('This desk, because the volunteer who checked in has chosen it.'),
    DeskReason.rule: _('This desk, because a rule says so.'),
    DeskReason.form: _('This desk, because the registration form prints there.'),
    DeskReason.default: _('This desk, because it is the first desk of the event and nothing chooses another one.'),
    DeskReason.none: _('No desk, because the event has none.'),
}


def describe_detail(detail):
    """Return the detail of a row of a job's history as people read it."""
    if not detail.startswith(PREFIX):
        return detail
    reason, __, note = detail.removeprefix(PREFIX).partition(':')
    if reason == DeskReason.rule and note:
        number, __, words = note.partition(':')
        return _('This desk, because of rule {number}: {words}').format(number=number, words=words)
    try:
        return SENTENCES[DeskReason(reason)]
    except ValueError:
        # written by another version
        return detail
