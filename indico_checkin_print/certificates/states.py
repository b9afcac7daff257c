"""What may become of a certificate and of its e-mail, and how long each step may take. Only the rules."""

from indico_checkin_print.models.states import CertificateState, SendState


#: How long a process may draw and sign one certificate before it is taken for dead, in seconds. A timestamp server may
#: take most of it.
MAKE_LEASE = 120
#: How long it may be busy with one e-mail, in seconds: Indico gives a mail server 30 seconds for each answer.
SEND_LEASE = 180
#: After so many tries a certificate that cannot be made has failed.
MAX_MAKES = 3
#: After so many tries an e-mail that the mail server does not take has failed.
MAX_SENDS = 5
#: Before the next try of either, times the number of tries, in seconds.
RETRY_INTERVAL = 30

C, M = CertificateState, SendState
#: What may follow what.
TRANSITIONS = {
    C.queued: {C.making, C.revoked, C.canceled},
    C.making: {C.queued, C.ready, C.failed, C.revoked, C.canceled},
    # queued: what it has to show has changed
    C.ready: {C.queued, C.revoked},
    C.failed: {C.queued, C.revoked, C.canceled},
    # queued: restored
    C.revoked: {C.queued},
    C.canceled: {C.queued},
}
#: The same for its e-mail. ``None`` is one that was not sent yet, or is to be sent once more.
SEND_TRANSITIONS = {
    None: {M.sending},
    # None: it cannot have arrived
    M.sending: {M.sent, M.failed, None},
    # failed: it bounced; sending: somebody asked for it by its number
    M.sent: {M.sending, M.failed, None},
    M.failed: {M.sending, None},
}
