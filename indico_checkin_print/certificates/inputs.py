"""What a certificate is drawn from, and its hash: one whose PDF has this hash is not drawn once more."""

import hashlib
import json

from indico_checkin_print.certificates.context import build_context


#: Changes when the same input is drawn in another way
VERSION = 1
#: What differs although the certificate is the same
_VOLATILE = ('issued_on', 'qr')


def inputs_of(shown, type_, template, registration, issued_dt=None):
    """Return the context of a certificate's template, and the hash of all that its PDF is made from.

    To be called in the context of the event and the language (`badge.context.in_event`).

    :param shown: A `context.Shown`.
    :param template: A `template.Template`.
    """
    context = build_context(shown, type_, registration, template.values, issued_dt)
    certificate = {key: value for key, value in context['certificate'].items() if key not in _VOLATILE}
    # the template may ask for anything; what it does not ask for may make it anew without need
    parts = [VERSION, template.html, template.css, context | {'certificate': certificate}, type_.signed, type_.pdf_a,
             # the picture that ``event://logo`` stands for
             type_.event.logo_metadata]
    return context, hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
