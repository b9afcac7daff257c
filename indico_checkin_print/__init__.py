"""Prints the badge when an attendee is checked in."""

from indico.util.i18n import make_bound_gettext


_ = make_bound_gettext('checkin_print')
