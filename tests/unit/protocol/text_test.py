"""What is said is fit to be read by the other side, whatever a printer or a person put into it."""

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from print_agent.protocol import messages as p
from print_agent.protocol.text import clean, fit

from tests.fakes.badges import J1, make_job


anything = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(('said', 'kept'), [
    ('Badge 2000', 'Badge 2000'), ('Badge 2000\0\0\0', 'Badge 2000'), ('a\r\n\tb', 'a b'), ('\x1b[2Jgone', '[2Jgone'),
    ('half \ud83d', 'half'), ('whole \U0001f600', 'whole \U0001f600'), ('\x85\x9f', ''),
    ('\ufffe\uffff', '\ufffe\uffff'),
])
def test_control_characters_are_taken_out(said, kept):
    assert clean(said) == kept


def test_what_is_too_long_is_cut():
    assert clean('x' * 2001, 2000) == 'x' * 1999 + '…'
    assert clean('x' * 2000, 2000) == 'x' * 2000


def test_what_is_fit_stays_what_it_is():
    job = make_job()
    assert fit(job) is job


@given(anything, anything)
@example('\0', 'x' * 5000)
def test_an_agent_is_understood_whatever_it_has_to_say(short, long):
    printer = p.Printer(name=short, model=long, reasons=(short, long), media=(short, long))
    hello = p.Hello(software=short, spool=long, printers=(printer,))
    messages = (hello, p.Printers(printers=(printer,)), p.Drain(reason=long), p.Error(code=short, detail=long),
                p.Failed(job=J1, dispatch=1, reason=short, detail=long), p.Sent(job=J1, dispatch=1, detail=long))
    for message in messages:
        assert type(p.decode_from_agent(p.encode(message))) is type(message)
    poll = p.Poll(link=short, hello=hello, messages=messages[1:])
    assert len(msgspec.json.decode(p.encode(poll), type=p.Poll).messages) == 5
    report = p.OutcomeReport(message=messages[4])
    assert msgspec.json.decode(p.encode(report), type=p.OutcomeReport).message.job == J1


@given(anything)
def test_a_badge_prints_whatever_its_person_is_called(name):
    job = make_job(name=name, desk=name, title=name)
    assert p.decode_from_server(p.encode(job)).job == J1
    delivery = p.Delivery(type='badge.print', timestamp='now', data=p.DeliveryData(job=job))
    assert msgspec.json.decode(p.encode(delivery), type=p.Delivery).data.job.job == J1
