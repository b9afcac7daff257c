"""Dialogs about registrations that somebody chose in Indico's participant list: what they get and what they ask."""

from flask import request
from wtforms.fields import HiddenField

from indico.core.errors import UserValueError
from indico.web.forms.fields import HiddenFieldList

from indico_checkin_print import _
from indico_checkin_print.management.base import DialogForm, RHRegFormBase


class ChosenForm(DialogForm):
    """Base class of the dialogs: they ask once more with the same registrations."""

    registration_id = HiddenFieldList()
    submitted = HiddenField()

    def is_submitted(self):
        # the dialog itself is asked for with a POST, because the registrations are many
        return super().is_submitted() and is_confirmed()


def is_confirmed():
    """Return whether a request comes from the dialog, and not from the list that opens it."""
    return 'submitted' in request.form


class RHChosenBase(RHRegFormBase):
    """Base class for what is done with the registrations that the form's field ``registration_id`` names."""

    #: Most registrations of one request
    MAX_CHOSEN = 1000

    def _process_args(self):
        RHRegFormBase._process_args(self)
        chosen = set(request.form.getlist('registration_id'))
        if len(chosen) > self.MAX_CHOSEN:
            raise UserValueError(_('At most {} registrations at once, please.').format(self.MAX_CHOSEN))
        if not all(id_.isascii() and id_.isdigit() and len(id_) < 10 for id_ in chosen):
            raise UserValueError(_('This is not the number of a registration.'))
        self.ids = {int(id_) for id_ in chosen}
