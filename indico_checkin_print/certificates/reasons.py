"""Why a certificate, or its e-mail, is in its state: a code for programs, a sentence for people."""

from indico.util.enum import IndicoStrEnum

from indico_checkin_print import _


class CertificateReason(IndicoStrEnum):
    """Codes that the states of certificates and e-mails have."""

    # a certificate
    planned = 'planned'
    changed = 'changed'
    claimed = 'claimed'
    made = 'made'
    unchanged = 'unchanged'
    asked = 'asked'
    retry_later = 'retry_later'
    worker_died = 'worker_died'
    workers_died = 'workers_died'
    no_recipient = 'no_recipient'
    corrected = 'corrected'
    revoked = 'revoked'
    restored = 'restored'
    purged = 'purged'
    template = 'template'
    too_large = 'too_large'
    signature = 'signature'
    storage = 'storage'
    error = 'error'
    # an e-mail
    sending = 'sending'
    sent = 'sent'
    refused = 'refused'
    bad_address = 'bad_address'
    bounced = 'bounced'
    uncertain = 'uncertain'
    reissued = 'reissued'


R = CertificateReason
SENTENCES = {
    R.planned: _('Its person is a recipient.'),
    R.changed: _('What it has to show has changed.'),
    R.claimed: _('It is being made.'),
    R.made: _('It was made.'),
    R.unchanged: _('It shows what is true.'),
    R.asked: _('Somebody asked for it.'),
    R.retry_later: _('It did not work. Another try follows.'),
    R.worker_died: _('The process that was busy with it ended. Another try follows.'),
    R.workers_died: _('The processes that were busy with it ended, several times.'),
    R.no_recipient: _('Its person is no recipient any more.'),
    R.corrected: _('The name was corrected.'),
    R.revoked: _('It was revoked.'),
    R.restored: _('It was restored.'),
    R.purged: _('The registration was deleted for good.'),
    R.template: _('The document template cannot be drawn.'),
    R.too_large: _('The PDF has too many bytes or pages.'),
    R.signature: _('It could not be signed.'),
    R.storage: _('The PDF could not be stored.'),
    R.error: _('Something went wrong. The log of Indico says more.'),
    R.sending: _('The e-mail is being sent.'),
    R.sent: _('The mail server has the e-mail.'),
    R.refused: _('The mail server refused the e-mail.'),
    R.bad_address: _('The e-mail address is not valid.'),
    R.bounced: _('The e-mail came back.'),
    R.uncertain: _('The process that sent the e-mail ended before the mail server answered. It may have arrived.'),
    R.reissued: _('There is a new PDF. The e-mail is to be sent once more.'),
}


def describe(reason):
    """Return the sentence for a code; of one that is not known, the code."""
    try:
        return SENTENCES[CertificateReason(reason)]
    except ValueError:
        return reason
