"""The states of a certificate and of its e-mail: what may follow what, and one line of history for each change."""

import re
from pathlib import Path

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.certificates import states
from indico_checkin_print.certificates.reasons import SENTENCES, CertificateReason, describe
from indico_checkin_print.certificates.transition import move, move_sending
from indico_checkin_print.models.certificate_records import CertificateHistory
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.states import CertificateState, SendState


DOCS = (Path(__file__).parents[3] / 'docs' / 'certificates.md').read_text()


def test_every_state_can_be_reached():
    assert set(states.TRANSITIONS) == set().union(*states.TRANSITIONS.values()) == set(CertificateState)
    assert set(states.SEND_TRANSITIONS) == set().union(*states.SEND_TRANSITIONS.values()) == {None, *SendState}


def test_illegal_transitions_are_impossible(db, create_certificate):
    certificate = create_certificate(sha256='x' * 64)
    one = [Certificate.id == certificate.id]
    for state in CertificateState:
        for to in CertificateState:
            certificate.state, certificate.revoked_dt = state, now_utc() if state == CertificateState.revoked else None
            db.session.flush()
            since = {'revoked_dt': now_utc() if to == CertificateState.revoked else None}
            legal = to in states.TRANSITIONS[state]
            assert bool(move(one, to, 'asked', f'{state.name} {to.name}', **since)) == legal, (state, to)
            db.session.refresh(certificate)
            assert certificate.state == (to if legal else state)
            assert CertificateHistory.query.filter_by(actor=f'{state.name} {to.name}', state=to).count() == legal


def test_so_are_those_of_its_email(db, create_certificate):
    certificate = create_certificate(message_id='<x@example.test>')
    one = [Certificate.id == certificate.id]
    for state in states.SEND_TRANSITIONS:
        for to in states.SEND_TRANSITIONS:
            certificate.send_state = state
            db.session.flush()
            legal = to in states.SEND_TRANSITIONS[state]
            assert bool(move_sending(one, to, 'asked', f'{state} {to}')) == legal, (state, to)
            db.session.refresh(certificate)
            assert certificate.send_state == (to if legal else state)
            assert CertificateHistory.query.filter_by(actor=f'{state} {to}', send_state=to).count() == legal


def test_every_reason_has_a_sentence():
    assert set(SENTENCES) == set(CertificateReason)
    assert str(describe('worker_died')).startswith('The process')
    assert describe('of_a_later_version') == 'of_a_later_version'


@pytest.mark.parametrize(('heading', 'transitions'), [('States of a certificate', states.TRANSITIONS),
                                                      ('States of its e-mail', states.SEND_TRANSITIONS)])
def test_the_docs_have_them(heading, transitions):
    table = DOCS.partition(f'### {heading}')[2].partition('\n#')[0]
    rows = dict(re.findall(r'^\| `(\w+)` \|.*\| (.*) \|$', table, re.MULTILINE))
    name = {None: 'null', **{state: state.name for state in transitions if state is not None}}
    assert {state: set(re.findall(r'`(\w+)`', following)) for state, following in rows.items()} == {
        name[state]: {name[to] for to in following} for state, following in transitions.items()}
