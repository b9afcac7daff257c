"""The states of a job. No table here, so that what only decides needs no database."""

from indico.util.enum import RichIntEnum

from indico_checkin_print import _


class JobState(RichIntEnum):
    """Where a job is between a check-in and a badge; ``ledger.states.TRANSITIONS`` says what may follow what."""

    __titles__ = [None, _('Held'), _('Queued'), _('Rendering'), _('Waiting for the printer'), _('On its way'),
                  _('Printing'), _('Printed'), _('Sent'), _('Failed'), _('Expired'), _('Cancelled'), _('Unknown')]
    __css_classes__ = [None, 'warning', '', '', '', 'highlight', 'highlight', 'accept', 'accept', 'danger',
                       'warning', 'strong', 'danger']
    #: Waits for a payment or a person
    held = 1
    #: Waits for a process that renders it
    queued = 2
    #: A process renders it, under a lease
    rendering = 3
    #: The document is stored; waits for a printer or for the next try of a webhook
    ready = 4
    #: An agent has permission to print it, or a POST is under way
    dispatched = 5
    #: It is at the printer
    printing = 6
    #: The printer said so
    completed = 7
    #: Handed to something that cannot say more: a raw printer, a webhook's receiver
    sent = 8
    #: No badge came out and none will, unless a person retries
    failed = 9
    #: Too old to be printed
    expired = 10
    #: Undone before it was printed
    canceled = 11
    #: It may or may not have come out: a person must check
    unknown = 12


class CertificateState(RichIntEnum):
    """Where a certificate is; ``certificates.states.TRANSITIONS`` says what may follow what."""

    __titles__ = [None, _('Waiting to be made'), _('Being made'), _('Made'), _('Failed'), _('Revoked'), _('Cancelled')]
    __css_classes__ = [None, '', 'highlight', 'accept', 'danger', 'danger', 'strong']
    #: Waits for a process that makes it; what was made before is still valid
    queued = 1
    #: A process draws and signs it, under a lease
    making = 2
    #: Its PDF shows what is true
    ready = 3
    #: It could not be made; a person must change something
    failed = 4
    #: It was issued and is not valid any more
    revoked = 5
    #: Its person is no recipient any more, and nothing was issued
    canceled = 6


class SendState(RichIntEnum):
    """How far the e-mail with a certificate is. A certificate without a state was not sent yet."""

    __titles__ = [None, _('Sending'), _('Sent'), _('Not sent')]
    __css_classes__ = [None, 'highlight', 'accept', 'danger']
    #: A process hands it to the mail server, under a lease
    sending = 1
    #: The mail server has it
    sent = 2
    #: The mail server refused it, it bounced, or nobody knows
    failed = 3


class RequestState(RichIntEnum):
    """What became of a request for another name on a certificate."""

    __titles__ = [None, _('Open'), _('Accepted'), _('Refused')]
    __css_classes__ = [None, 'highlight', 'accept', 'danger']
    #: A manager has to answer it
    open = 1
    #: The certificate was made anew
    accepted = 2
    #: It stays as it is
    refused = 3
