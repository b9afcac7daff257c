"""The six steps from nothing to certificates that were sent, and what is wrong with the key that signs.

Each step is judged by what there is, and never by what somebody clicked.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from indico.core.plugins import url_for_plugin
from indico.util.date_time import format_date

from indico_checkin_print import _
from indico_checkin_print.certificates.people import select
from indico_checkin_print.certificates.sign import load_signature
from indico_checkin_print.diagnostics.checks import MIN_KEY_DAYS
from indico_checkin_print.errors import CannotSign
from indico_checkin_print.management.certificates.base import visible_selection
from indico_checkin_print.management.certificates.counts import Counts


@dataclass(frozen=True)
class Step:
    """One of the steps."""

    key: str
    title: str
    is_done: bool
    #: What there is, or what is still missing, in a sentence
    detail: str
    #: Where it is done, and the words of the link
    url: str = ''
    link: str = ''
    #: It is the first that is not done
    is_next: bool = False


@dataclass(frozen=True)
class Key:
    """The key that signs, as the server has it."""

    subject: str = ''
    #: When its certificate ends, in UTC
    ends: datetime | None = None
    #: What is wrong with it, in the words for the administrator
    error: str = ''

    @property
    def ends_soon(self):
        """Whether a new one is wanted."""
        return self.ends is not None and (self.ends - datetime.now(UTC)).days < MIN_KEY_DAYS


def the_key():
    """Return the `Key`."""
    try:
        signature = load_signature()
    except CannotSign as exc:
        return Key(error=str(exc.detail))
    return Key(signature.subject, signature.ends)


def steps_of(event, types, counts, key):
    """Return the steps in order, as `Step`.

    :param counts: What `counts_of` returned.
    """
    enabled = [type_ for type_ in types if type_.enabled]
    total = sum((counts[type_.id] for type_ in enabled), Counts())
    steps = [_key(enabled, key), _types(event, enabled), _recipients(event, enabled, total), _made(event, total),
             _published(event, total), _sent(event, total)]
    following = next((step for step in steps if not step.is_done), None)
    return [replace(step, is_next=step is following) for step in steps]


def _key(enabled, key):
    title = _('A key that signs')
    if not key.error:
        return Step('key', title, True, _('{subject}, valid until {date}').format(
            subject=key.subject, date=format_date(key.ends.date(), 'long')))
    if enabled and not any(type_.signed for type_ in enabled):
        return Step('key', title, True, _('There is none. All types that are on are not signed.'))
    words = _('Your administrator names it in indico.conf. Or switch off "Signed" in each type. Indico says: {error}')
    return Step('key', title, False, words.format(error=key.error))


def _types(event, enabled):
    title = _('A type that is on')
    if enabled:
        return Step('types', title, True, ', '.join(type_.title for type_ in enabled))
    return Step('types', title, False, _('Choose who gets certificates, and switch the type on.'),
                url_for_plugin('checkin_print.certificates', event, _anchor='checkin-print-certificate-types'),
                _('Show the types'))


def _recipients(event, enabled, total):
    title = _('People who get one')
    if total.total:
        return Step('recipients', title, True, _('People with a certificate: {}').format(total.total))
    # to ask for all people takes longer, and nobody asks once there are certificates
    skipped = 0
    for type_ in enabled:
        recipients, skips = visible_selection(type_, select(type_))
        if recipients:
            return Step('recipients', title, True, _('{type}: {count} people').format(
                type=type_.title, count=len(recipients)))
        skipped += len(skips)
    words = (_('Nobody gets one yet; of {} people the list says why.').format(skipped) if enabled else
             _('Nobody gets one yet.'))
    url = url_for_plugin('checkin_print.certificate_recipients', enabled[0]) if enabled else ''
    return Step('recipients', title, False, words, url, _('Show all people'))


def _made(event, total):
    title = _('Certificates that are made')
    words = _('Made: {ready}. Waiting: {waiting}. Failed: {failed}.').format(
        ready=total.ready, waiting=total.waiting, failed=total.failed)
    if total.ready and not total.waiting and not total.failed:
        return Step('made', title, True, words)
    if total.failed:
        return Step('made', title, False, words, _list(event, state='failed'), _('Show those that failed'))
    if total.waiting:
        return Step('made', title, False, words)
    return Step('made', title, False, _('Nothing has been made yet. Nobody gets anything before you publish and send.'),
                url_for_plugin('checkin_print.certificates', event, _anchor='checkin-print-certificate-types'),
                _('Show the types'))


def _published(event, total):
    title = _('Published')
    words = _('Published: {published} of {ready}').format(published=total.published, ready=total.ready)
    if total.ready and not total.unpublished:
        return Step('published', title, True, words)
    return Step('published', title, False,
                words if total.ready else _('Only what is published can be seen by its person, and be sent.'),
                _list(event, state='ready', published='no') if total.ready else '', _('Show them'))


def _sent(event, total):
    title = _('Sent')
    words = _('Sent: {sent} of {published}. Failed: {failed}.').format(
        sent=total.sent, published=total.published, failed=total.send_failed)
    if total.published and total.sent == total.published:
        return Step('sent', title, True, words)
    return Step('sent', title, False, words if total.published else _('Each person gets one e-mail with the PDF.'),
                _list(event, email='failed' if total.send_failed else 'none') if total.published else '',
                _('Show them'))


def _list(event, **args):
    return url_for_plugin('checkin_print.certificate_list', event, **args)
