"""Why a job is in its state: a code for machines, a sentence for the people at the desk."""

from indico.util.enum import IndicoStrEnum

import print_agent.protocol.reasons

from indico_checkin_print import _
from indico_checkin_print.reasons import agent


class Reason(IndicoStrEnum):
    """Codes that Indico itself gives. An agent may report others: the keywords of its printer."""

    # why a job waits
    no_desk = 'no_desk'
    unpaid = 'unpaid'
    bulk = 'bulk'
    already_printed = 'already_printed'
    paused = 'paused'
    no_name = 'no_name'
    missing_glyphs = 'missing_glyphs'
    lost_picture = 'lost_picture'
    badge_desk = 'badge_desk'
    in_batch = 'in_batch'
    agent_away = 'agent_away'
    retry_later = 'try_again'
    # why it is where it is
    checked_in = 'checked_in'
    test = 'test'
    desk_found = 'desk_found'
    corrected = 'corrected'
    claimed = 'claimed'
    rendered = 'rendered'
    prepared = 'prepared'
    granted = 'pushed'
    other_printer = 'other_printer'
    at_printer = 'at_printer'
    printed = 'printed'
    handed_over = 'handed_over'
    delivered = 'delivered'
    returned = 'returned'
    retried = 'retried'
    printer_cancels = 'printer_cancels'
    released = 'released'
    paid = 'paid'
    scanned = 'scanned'
    # why somebody asked for another badge
    lost = 'lost'
    misprint = 'misprint'
    name_corrected = 'name_corrected'
    other = 'other'
    asked_for = 'asked_for'
    batch_turn = 'batch_turn'
    edited = 'edited'
    resent = 'resent'
    announced = 'announced'
    # what a person saw
    person_saw_it = 'person_saw_it'
    person_missed_it = 'person_missed_it'
    worker_died = 'worker_died'
    # why it ended without paper
    check_in_undone = 'check_in_undone'
    registration_gone = 'registration_gone'
    form_gone = 'form_gone'
    event_gone = 'event_gone'
    not_allowed = 'not_allowed'
    no_longer_wanted = 'no_longer_wanted'
    not_complete = 'not_complete'
    not_paid = 'not_paid'
    printed_before = 'printed_before'
    source_off = 'source_off'
    check_in_only = 'check_in_only'
    discarded = 'discarded'
    batch_canceled = 'batch_canceled'
    replaced = 'replaced'
    too_old = 'too_old'
    template_missing = 'template_missing'
    form_off = 'form_off'
    no_sample = 'no_sample'
    render_failed = 'render_failed'
    picture_refused = 'picture_refused'
    workers_died = 'workers_died'
    nothing_drawn = 'nothing_drawn'
    document_too_large = 'document_too_large'
    gone = 'gone'
    gave_up = 'gave_up'
    webhook_missing = 'webhook_missing'
    webhook_failed = 'webhook_failed'
    webhook_refused = 'webhook_refused'
    agent_refused = 'agent_refused'
    printer_failed = 'printer_failed'
    # why nobody knows
    go_timeout = 'no_word'
    no_answer = 'no_answer'
    receiver_silent = 'receiver_silent'
    spool_lost = 'spool_lost'
    agent_silent = 'agent_silent'
    printer_unsure = 'printer_unsure'

    @classmethod
    def get(cls, code, default=None):
        """Return the reason with a code as the database has it, which may be older than its name here."""
        return cls._value2member_map_.get(code, default)

    @property
    def sentence(self):
        """What a volunteer reads."""
        return SENTENCES[self]


SENTENCES = {
    Reason.no_desk: _('This form has no desk to print at. Add a desk, or choose one for the form.'),
    Reason.unpaid: _('The registration is not paid. The badge prints when it is, or when somebody releases it.'),
    Reason.bulk: _('Many people were checked in at once. The badges print when somebody releases them.'),
    Reason.already_printed: _('This person had a badge before. Another one prints when somebody releases it; at the '
                              'desk: Print it now.'),
    Reason.paused: _('Printing is paused. The badge prints when printing resumes.'),
    Reason.no_name: _('The badge would show no name of its person. It prints when somebody corrects the name, or '
                      'releases it.'),
    Reason.missing_glyphs: _('This server has no font for some characters of the badge. It prints when somebody '
                             'corrects the text, or releases it with boxes in their place.'),
    Reason.lost_picture: _('A picture of the person cannot be printed. The badge prints when somebody replaces the '
                           'picture, or releases the badge without it.'),
    Reason.badge_desk: _('The badge prints when the ticket is scanned at the badge desk.'),
    Reason.in_batch: _('The badge prints when its turn in the batch comes.'),
    Reason.agent_away: _('The print agent of the desk is not connected. The badge prints when it returns.'),
    Reason.retry_later: _('The last try did not work. It is repeated automatically.'),
    Reason.checked_in: _('The attendee was checked in.'),
    Reason.corrected: _('Something on the badge has changed; it is made anew.'),
    Reason.desk_found: _('There is a desk for it now.'),
    Reason.test: _('Somebody asked for a test badge.'),
    Reason.claimed: _('The badge is being made.'),
    Reason.rendered: _('The badge is made and waits for its printer.'),
    Reason.prepared: _('The badge was made before and waits for its printer.'),
    Reason.granted: _('The badge was given to the desk.'),
    Reason.other_printer: _('The badge was given to another printer of the desk.'),
    Reason.at_printer: _('The badge is at the printer.'),
    Reason.printed: _('The printer says that the badge is printed.'),
    Reason.handed_over: _('The badge was handed to a printer that cannot say whether it came out.'),
    Reason.delivered: _('The receiver has it.'),
    Reason.returned: _('The desk could not print it and returned it.'),
    Reason.retried: _('Somebody asked for another try.'),
    Reason.printer_cancels: _('The printer cancelled several badges in a row, so this one is tried again.'),
    Reason.released: _('Somebody released it.'),
    Reason.paid: _('The registration was paid.'),
    Reason.scanned: _('The ticket was scanned at the badge desk.'),
    Reason.lost: _('The badge was lost; somebody asked for another one.'),
    Reason.misprint: _('The badge was misprinted; somebody asked for another one.'),
    Reason.name_corrected: _('The name was corrected; somebody asked for another badge.'),
    Reason.other: _('Somebody asked for another badge.'),
    Reason.edited: _('Somebody asked for the badge with changes for this print.'),
    Reason.resent: _('Somebody asked to send it again.'),
    Reason.asked_for: _('A program asked for the badge.'),
    Reason.batch_turn: _('Its turn in the batch has come.'),
    Reason.announced: _('Something happened that the webhook is notified of.'),
    Reason.person_saw_it: _('Somebody looked: the badge came out.'),
    Reason.person_missed_it: _('Somebody looked: the badge did not come out.'),
    Reason.worker_died: _('The process that worked on it stopped. Another one takes over.'),
    Reason.check_in_undone: _('The check-in was undone before the badge was printed.'),
    Reason.registration_gone: _('The registration was deleted.'),
    Reason.form_gone: _('The registration form was deleted.'),
    Reason.event_gone: _('The event was deleted.'),
    Reason.not_allowed: _('The ticket of this registration is blocked.'),
    Reason.no_longer_wanted: _('The check-in was undone, or the registration is not complete any more.'),
    Reason.not_complete: _('The registration was withdrawn or is not complete, so it gets no badge.'),
    Reason.not_paid: _('The registration is not paid, so it gets no badge.'),
    Reason.printed_before: _('This person had a badge before and gets no other.'),
    Reason.source_off: _('This way of check-in does not print.'),
    Reason.check_in_only: _('Checked in at a scan station that is set to "Check in only".'),
    Reason.discarded: _('Somebody discarded it.'),
    Reason.batch_canceled: _('Somebody cancelled its batch.'),
    Reason.replaced: _('Somebody changed the badge for this print: another one prints instead.'),
    Reason.too_old: _('It waited too long. Badges do not print when nobody stands at the desk any more.'),
    Reason.template_missing: _('The badge template that was chosen for this print no longer exists.'),
    Reason.form_off: _('Printing was switched off for this form.'),
    Reason.no_sample: _('No form of this event prints anything yet, so there is nothing to test.'),
    Reason.render_failed: _('Indico could not make the badge from its template.'),
    Reason.picture_refused: _('A picture of the template cannot be printed. Replace it, then retry.'),
    Reason.workers_died: _('The process that makes it stopped three times. Retry; the log of the server may say why.'),
    Reason.nothing_drawn: _('The template draws nothing on the badge. Put something on it, then retry.'),
    Reason.document_too_large: _('The badge is too large to be printed. Use a smaller background image.'),
    Reason.gone: _('The webhook says that it no longer exists (410).'),
    Reason.gave_up: _('It was tried many times and never worked.'),
    Reason.webhook_missing: _('The webhook was deleted.'),
    Reason.webhook_failed: _('The webhook did not take it.'),
    Reason.webhook_refused: _('The URL of the webhook is not allowed here.'),
    Reason.agent_refused: _('The print agent refused it.'),
    Reason.printer_failed: _('The printer could not print it.'),
    Reason.go_timeout: _('The desk got the badge and then fell silent. Check whether it came out.'),
    Reason.receiver_silent: _('The receiver said that it prints it, and nothing more. Check whether it came out.'),
    Reason.no_answer: _('The receiver may have got the badge, but never answered. Check whether it came out.'),
    Reason.spool_lost: _('The print agent of the desk lost its memory. Check whether the badge came out.'),
    Reason.agent_silent: _('The print agent of the desk fell silent while the badge was at the printer. '
                           'Check whether it came out.'),
    Reason.printer_unsure: _('Nobody knows whether the badge came out. Check the printer.'),
}


def describe(code):
    """Return the sentence of a reason code, ours or an agent's; one that only some printer knows is shown as it is."""
    if reason := Reason.get(code):
        return reason.sentence
    code = print_agent.protocol.reasons.bare(code)
    return agent.SENTENCES.get(code) or _('The printer says: {}.').format(code.replace('-', ' '))
