"""The messages that are news: what became of a badge, that a registration was changed, how agents and printers are."""

from indico.util.i18n import force_locale

from indico_checkin_print.errors import NewsGone
from indico_checkin_print.messages.webhook import (MESSAGES, Agent, AgentData, Badge, BadgeOutcomeData, PrinterData,
                                                   RegistrationChanged, RegistrationData)
from indico_checkin_print.reasons.codes import describe
from indico_checkin_print.reasons.printer import describe_reason


_TYPES = {message.__struct_config__.tag: message for message in MESSAGES}


def news_message(job, facts, *, timestamp, event, registration):
    """Build the message of a job that is news.

    :param facts: What happened, as `ledger.news` wrote it down.
    :param event: The `webhook.Event`.
    :param registration: The `webhook.Registration`.
    :raises NewsGone: if nobody knows any more what happened.
    """
    message = _TYPES[str(job.news)]
    if message is RegistrationChanged:
        return message(timestamp=timestamp, data=RegistrationData(event=event, registration=registration))
    if facts is None:
        raise NewsGone
    if not job.news.is_about_person:
        return message(timestamp=timestamp, data=_equipment_data(event, facts))
    badge = Badge(id=facts['badge'], person=job.person, state=facts['state'], reason=facts['reason'],
                  message=in_english(facts['reason']), desk=facts['desk'], printer=facts['printer'])
    return message(timestamp=timestamp, data=BadgeOutcomeData(event=event, registration=registration, badge=badge))


def in_english(reason, words=describe):
    """Return the sentence of a reason, for programs and their logs."""
    with force_locale(None, default=False):
        return str(words(reason)) if reason else ''


def _equipment_data(event, facts):
    about = {'event': event, 'agent': Agent(id=facts['agent'], name=facts['name']), 'desks': facts['desks'],
             'since': facts['since'], 'reason': facts['reason'],
             'message': in_english(facts['reason'], describe_reason)}
    return PrinterData(**about, printer=facts['printer']) if facts['printer'] else AgentData(**about)
