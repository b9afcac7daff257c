"""Every reason has words, from whatever source: Indico, an agent, a printer."""

import print_agent.protocol.reasons

from indico_checkin_print.reasons import agent
from indico_checkin_print.reasons.codes import Reason, describe
from indico_checkin_print.reasons.printer import PRINTER_REASONS


def test_indico_has_the_agents_words(app_context):
    assert {code: str(words) for code, words in agent.SENTENCES.items()} == print_agent.protocol.reasons.SENTENCES


def test_an_agents_reason_is_a_sentence(app_context):
    assert describe('printer_frozen') == print_agent.protocol.reasons.SENTENCES['printer_frozen']
    assert describe('media-empty-warning') == print_agent.protocol.reasons.SENTENCES['media-empty']
    assert describe(Reason.no_desk) == Reason.no_desk.sentence
    assert describe('vendor-thing-error') == 'The printer says: vendor thing.'


def test_what_blocks_printers_has_words(app_context):
    assert set(PRINTER_REASONS) >= print_agent.protocol.reasons.STALLING
