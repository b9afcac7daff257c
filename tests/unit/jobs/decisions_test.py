"""The rules that keep a badge from printing twice, or without permission: every state, every message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from print_agent.jobs import decisions
from print_agent.jobs.decisions import OnJob, OnMessage, OnRestart
from print_agent.protocol import messages as p
from print_agent.spool.job import AT_PRINTER, ENDED, NOT_PRINTED, UNTOUCHED, Entry, State

from tests.fakes.badges import J1, make_job


def entry(state=State.waiting, dispatch=5, expires=1000.0, acked=False, reason=''):
    return Entry(seq=1, source='a', job=J1, dispatch=dispatch, printer='desk1', title='t', kind='badge', copies=1,
                 width_mm=96, height_mm=134, state=state, tag='', handle='', reason=reason, detail='', received=0,
                 expires=expires, acked=acked, gone=True, callback='')


def test_the_states_are_divided_without_a_rest():
    assert set(State) == UNTOUCHED | AT_PRINTER | ENDED
    assert not UNTOUCHED & AT_PRINTER
    assert NOT_PRINTED < ENDED


def test_a_new_job_is_stored():
    assert decisions.on_job(None, make_job()) is OnJob.store


@pytest.mark.parametrize('state', State)
@pytest.mark.parametrize('go', [False, True])
def test_an_older_dispatch_changes_nothing(state, go):
    assert decisions.on_job(entry(state), make_job(dispatch=4, go=go)) is OnJob.report


@pytest.mark.parametrize('state', State)
def test_the_same_dispatch_again_only_ever_grants(state):
    assert decisions.on_job(entry(state), make_job(dispatch=5)) is OnJob.report
    expected = OnJob.grant if state is State.waiting else OnJob.report
    assert decisions.on_job(entry(state), make_job(dispatch=5, go=True)) is expected


@pytest.mark.parametrize('state', State)
def test_a_newer_dispatch(state):
    """A newer dispatch prints only what certainly did not print."""
    decision = decisions.on_job(entry(state), make_job(dispatch=6, go=True))
    if state in {State.returned, State.canceled, State.refused, State.failed}:
        assert decision is OnJob.store
    elif state in {State.waiting, State.go}:
        assert decision is OnJob.update
    else:
        assert decision is OnJob.renumber


@given(st.sampled_from(list(State)), st.integers(0, 10), st.integers(0, 10))
def test_a_go_is_for_one_dispatch_only(state, held, named):
    decision = decisions.on_go(entry(state, dispatch=held), p.Go(job=J1, dispatch=named))
    assert (decision is OnMessage.act) == (named == held and state is State.waiting)
    assert (decision is OnMessage.missing) == (named > held)
    assert (decision is OnMessage.ignore) == (named < held)


def test_a_go_for_a_job_that_is_not_here():
    assert decisions.on_go(None, p.Go(job=J1, dispatch=1)) is OnMessage.missing


@pytest.mark.parametrize('state', State)
def test_only_an_untouched_job_can_be_cancelled(state):
    decision = decisions.on_cancel(entry(state), p.Cancel(job=J1, dispatch=5))
    assert decision is (OnMessage.act if state in UNTOUCHED else OnMessage.report)
    assert decisions.on_cancel(entry(state), p.Cancel(job=J1, dispatch=4)) is OnMessage.ignore
    assert decisions.on_cancel(None, p.Cancel(job=J1, dispatch=4)) is OnMessage.missing


@pytest.mark.parametrize('state', State)
def test_a_restart_never_prints_on_an_old_permission(state):
    decision = decisions.on_restart(entry(state), now=10)
    assert decision is {State.waiting: OnRestart.keep, State.go: OnRestart.return_job,
                        State.submitting: OnRestart.reconcile, State.printing: OnRestart.reconcile}.get(
                            state, OnRestart.ended)


def test_a_restart_drops_what_is_too_old():
    assert decisions.on_restart(entry(expires=9), now=10) is OnRestart.expire


@pytest.mark.parametrize('state', State)
def test_an_ack_counts_for_the_very_end_it_names(state):
    ack = p.Ack(job=J1, dispatch=5, state=state.value)
    assert decisions.is_acked(entry(state), ack) is (state in ENDED)
    assert not decisions.is_acked(entry(state, dispatch=6), ack)
    assert not decisions.is_acked(None, ack)
    assert not decisions.is_acked(entry(State.unknown), p.Ack(job=J1, dispatch=5, state='completed'))


@pytest.mark.parametrize('state', State)
def test_every_state_can_be_reported(state):
    messages = decisions.state_messages(entry(state, reason='why'))
    kinds = [type(message) for message in messages]
    if state is State.refused:
        assert kinds == [p.Refused]
    else:
        assert kinds[0] is p.Accepted
        assert (decisions.outcome_message(entry(state)) is not None) == (state in ENDED)
        assert (p.Printing in kinds) == (state is State.printing)
    for message in messages:
        assert p.decode_from_agent(p.encode(message)) == message


@pytest.mark.parametrize('state', State)
def test_a_hello_lists_what_may_be_on_paper(state):
    line = decisions.held(entry(state))
    if state is State.refused:
        assert line is None
    else:
        assert line.state == ('printing' if state is State.submitting else state.value)
    assert decisions.held(entry(state, acked=True)) is None
