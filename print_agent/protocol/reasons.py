"""Reason codes with a sentence each, in words for the people at the desk.

Codes with underscores are ours; words with hyphens are IPP's (RFC 8011) and come from printers and from CUPS.
"""

import re
from collections.abc import Iterable


#: Our own reasons, and the IPP keywords that are common at a check-in desk.
SENTENCES: dict[str, str] = {
    # before anything was handed to the printer
    'unknown_printer': 'The print agent has no such printer.',
    'spool_full': 'The print agent holds too many badges already.',
    'disk_full': "The disk of the desk's computer is full or cannot be written to.",
    'overloaded': "The desk's computer has too little memory, or too much to do, to check the badge.",
    'document_unavailable': 'The badge could not be fetched from Indico.',
    'too_late': 'The printer was not free in time.',
    'expired': 'The badge is too old to be printed.',
    'restarted': 'The print agent was restarted before it printed this badge.',
    'stopping': 'The print agent is shutting down.',
    'not_here': 'The print agent does not have this badge.',
    'cups_down': "The print service (CUPS) on the desk's computer does not answer.",
    'unknown_queue': 'CUPS has no print queue of this name.',
    'queue_paused': 'The print queue is paused.',
    'queue_rejecting': 'The print queue does not accept jobs.',
    'printer_stopped': 'The printer has stopped.',
    'printer_unreachable': 'The printer does not answer. It may be switched off or not connected.',
    'printer_frozen': 'The printer hangs: it is switched on but does not answer. Switch it off and on again.',
    'printer_unreadable': "The agent cannot read the printer's answers, so nobody knows if its badges come out.",
    'printer_login': 'The printer answers nothing without a login, so nobody knows if its badges come out.',
    'printer_rejecting': 'The printer does not accept jobs.',
    'submit_failed': 'CUPS did not take the badge.',
    'does_not_fit': 'The badge is larger than the labels in the printer.',
    'layout_failed': "The badge could not be brought into the shape that this printer's settings ask for.",
    # once it was handed over
    'sent': 'Handed to the printer, which cannot say whether the badge came out.',
    'rejected': 'The printer rejected the badge. It may have other labels or paper than the badge needs.',
    'stuck': 'CUPS could not get the badge to the printer.',
    'engine_failed': 'The printer took the badge but could not print it.',
    'power_cycled': 'The printer was switched off and on while it had the badge.',
    'printer_lost_job': 'The printer no longer knows the badge. It may have been switched off while printing.',
    'not_seen_at_printer': 'CUPS handed the badge over, but the printer does not know it.',
    'cups_lost_job': 'CUPS no longer knows the badge.',
    'submit_unclear': 'CUPS stopped answering while it took the badge.',
    'restart_unclear': 'The print agent was restarted while it printed this badge.',
    'stopped_midway': 'The badge was stopped on its way to the printer.',
    'person_saw_it': 'Somebody at the desk looked: the badge came out.',
    'person_missed_it': 'Somebody at the desk looked: the badge did not come out.',
    'agent_error': 'The print agent had an error of its own; its log says more.',
    # documents
    'too_large': 'The document is too large.',
    'wrong_length': 'The document did not arrive complete.',
    'wrong_hash': 'The document is not the one that was announced.',
    'not_pdf': 'The document is not a PDF.',
    'bad_pdf': 'The PDF is broken.',
    'encrypted': 'The PDF is encrypted.',
    'no_pages': 'The PDF has no pages.',
    'too_many_pages': 'The PDF has too many pages.',
    'wrong_pages': 'The PDF does not have as many pages as announced.',
    'page_too_large': 'A page of the PDF is too large.',
    'wrong_size': 'A page of the PDF is not of the size that was announced.',
    # what printers and CUPS say themselves
    'media-empty': 'The printer is out of labels or paper.',
    'media-needed': 'The printer needs labels or paper.',
    'media-jam': 'Labels or paper are jammed in the printer.',
    'cover-open': 'The cover of the printer is open.',
    'door-open': 'A door of the printer is open.',
    'input-tray-missing': 'The tray of the printer is missing.',
    'marker-supply-empty': 'The printer is out of ink, toner or ribbon.',
    'toner-empty': 'The printer is out of toner.',
    'offline': 'The printer is offline.',
    'paused': 'The printer is paused.',
    'shutdown': 'The printer is switched off.',
    'job-canceled': 'The job was cancelled.',
    'job-canceled-by-user': "The job was cancelled at the desk's computer.",
    'job-canceled-by-operator': 'The job was cancelled by an operator.',
    'job-canceled-at-device': 'The job was cancelled at the printer.',
    'job-aborted': 'CUPS gave the job up.',
    'job-stopped': 'CUPS stopped the job.',
    'job-completed-with-errors': 'CUPS could not process the document.',
    'document-format-error': 'The printer could not read the document.',
    'document-unprintable-error': 'The printer could not print the document.',
    'folder-not-writable': 'The folder for badges cannot be written to.',
}

#: With one of these a printer keeps the badge that it has. They may also be about a tray that nobody uses, so they
#: count only while a badge does not move.
STALLING = frozenset({'media-empty', 'media-needed', 'media-jam', 'cover-open', 'door-open', 'interlock-open',
                      'input-tray-missing', 'marker-supply-empty', 'toner-empty', 'offline', 'shutdown', 'paused',
                      'printer_unreachable', 'printer_frozen', 'cups_down'})
_SEVERITY = re.compile(r'-(error|warning|report)$')
#: They say what happens, not why something went wrong.
_NOT_A_CAUSE = {'none', 'job-printing', 'job-incoming', 'processing-to-stop-point', 'job-queued',
                'job-completed-successfully', 'aborted-by-system', 'job-stopped', 'cups-waiting-for-job-completed'}


def bare(keyword: str) -> str:
    """An IPP keyword without its severity: ``media-empty-error`` is ``media-empty``."""
    return keyword if keyword in SENTENCES else _SEVERITY.sub('', keyword)


def first(keywords: Iterable[str], default: str) -> str:
    """The first keyword that names a cause, cut to what the protocol allows; ``default`` if there is none."""
    causes = [bare(word) for word in keywords if bare(word) not in _NOT_A_CAUSE]
    known = [word for word in causes if word in SENTENCES]
    return (known or causes or [default])[0][:80]


def is_cancellation(reason: str) -> bool:
    """Whether a job ended because it was cancelled: a person's wish, or the habit of a printer that is out of order."""
    return reason == 'job-aborted' or reason.startswith('job-canceled')


def sentence(reason: str) -> str:
    """The sentence for a reason. A keyword that only some printer knows is shown as it is."""
    return SENTENCES.get(bare(reason)) or f'The printer says: {bare(reason)}.'
