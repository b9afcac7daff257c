"""Printers that CUPS prints to well and that say strange things when the agent asks them."""

import logging

import pytest

from print_agent.printing import devices
from print_agent.protocol import messages as p

from tests.fakes.odd_queue import ODD, look, point
from tests.stack.meddler import CREATE_JOB, GET_JOB_ATTRIBUTES, GET_JOBS, GET_PRINTER_ATTRIBUTES, SEND_DOCUMENT


LOGIN = 'desk:s3cr3t-p4ss'


@pytest.mark.parametrize('length', [None, 40, 20])
async def test_a_badge_is_known_by_what_is_left_of_its_name(odd, meddler, length):
    meddler.name_length = length
    desk = await odd()
    assert desk.shown(ODD).reports
    jobs = [await desk.print(ODD) for _ in range(3)]
    for job in jobs:
        assert await desk.end(job) == p.Completed(job=job, dispatch=1)
        assert len(desk.papers(job)) == 1


async def test_a_printer_that_wants_tls_is_asked_over_tls(odd, meddler):
    meddler.wants_tls = True
    desk = await odd()
    assert (desk.shown(ODD).state, desk.shown(ODD).reports) == ('idle', True)
    job = await desk.print(ODD)
    assert await desk.end(job) == p.Completed(job=job, dispatch=1)
    assert len(desk.papers(job)) == 1
    assert meddler.asked
    assert all(encrypted for _, encrypted in meddler.asked)


@pytest.mark.parametrize('wants_tls', [False, True])
async def test_a_printer_that_wants_a_login(odd, printing, meddler, wants_tls, caplog):
    """CUPS has it in the device URI, which it shows to nobody; the agent has a file of its own."""
    caplog.set_level(logging.DEBUG)
    meddler.login, meddler.wants_tls = tuple(LOGIN.split(':')), wants_tls
    point(printing, meddler.address(scheme='ipps' if wants_tls else 'ipp', login=LOGIN))
    desk = await odd(logins={ODD: meddler.login})
    assert (desk.shown(ODD).state, desk.shown(ODD).reports) == ('idle', True)
    job = await desk.print(ODD)
    assert await desk.end(job) == p.Completed(job=job, dispatch=1)
    assert len(desk.papers(job)) == 1
    assert 's3cr3t' not in caplog.text
    assert 's3cr3t' not in repr(desk.config)


async def test_a_login_is_not_sent_in_the_clear_to_one_that_wants_tls(odd, printing, meddler):
    meddler.login, meddler.wants_tls = tuple(LOGIN.split(':')), True
    point(printing, meddler.address(login=LOGIN))
    desk = await odd(logins={ODD: meddler.login})
    job = await desk.print(ODD)
    assert await desk.end(job) == p.Completed(job=job, dispatch=1)
    assert meddler.logins_in_the_clear == 0


async def test_a_missing_login(odd, printing, meddler, caplog):
    """Without the login badges are sent and the doctor says why."""
    meddler.login = tuple(LOGIN.split(':'))
    point(printing, meddler.address(login=LOGIN))
    desk = await odd()
    assert (desk.shown(ODD).state, desk.shown(ODD).reports) == ('idle', False)
    assert desk.shown(ODD).reasons == ('printer_login',)
    job = await desk.print(ODD)
    assert isinstance(await desk.end(job), p.Sent)
    await desk.until(lambda: desk.papers(job))
    assert 's3cr3t' not in caplog.text
    (finding,) = await look(desk)
    assert 'login_file' in finding.text
    (finding,) = await look(desk, logins={ODD: ('desk', 'wrong')})
    assert 'does not accept' in finding.text
    (finding,) = await look(desk, logins={ODD: meddler.login})
    assert finding.ok


async def test_answers_with_strange_values_are_read(odd, meddler):
    meddler.is_strange = True
    desk = await odd()
    assert (desk.shown(ODD).state, desk.shown(ODD).reports, desk.shown(ODD).reasons) == ('idle', True, ())
    job = await desk.print(ODD)
    assert await desk.end(job) == p.Completed(job=job, dispatch=1)
    assert len(desk.papers(job)) == 1
    (finding,) = await look(desk)
    assert finding.ok


REFUSED = 0x0501


@pytest.mark.parametrize('fault', [
    lambda m: m.garbage.update((GET_JOBS, GET_JOB_ATTRIBUTES)),
    lambda m: m.refuses.update({GET_JOBS: REFUSED, GET_JOB_ATTRIBUTES: REFUSED})], ids=['garbage', 'refusal'])
async def test_without_an_answer_about_jobs_badges_are_sent(odd, meddler, fault):
    fault(meddler)
    desk = await odd()
    for _ in range(2):
        job = await desk.print(ODD)
        assert isinstance(await desk.end(job), p.Sent)
        await desk.until(lambda job=job: desk.papers(job))
    await desk.until(lambda: desk.shown(ODD).reasons == ('printer_unreadable',))
    assert (desk.shown(ODD).state, desk.shown(ODD).reports) == ('idle', False)


@pytest.mark.parametrize('fault', [
    lambda m: m.garbage.add(GET_JOB_ATTRIBUTES), lambda m: m.refuses.update({GET_JOB_ATTRIBUTES: REFUSED}),
    lambda m: m.refuses.update({GET_JOB_ATTRIBUTES: 0x0400})], ids=['garbage', 'refusal', 'bad request'])
async def test_a_printer_that_lists_jobs_only_is_asked_for_all(odd, meddler, printers, fault):
    fault(meddler)
    printers['desk1'].slow(2)
    desk = await odd()
    job = await desk.print(ODD)
    assert await desk.end(job) == p.Completed(job=job, dispatch=1)
    assert GET_JOB_ATTRIBUTES in {operation for operation, _ in meddler.asked}


async def test_a_printer_that_says_nothing_of_use_is_not_unreachable(odd, meddler, monkeypatch):
    """CUPS asks it as well, so nothing can print; but the agent does not claim to know more than it does."""
    monkeypatch.setattr(devices, 'UNREADABLE_PAUSE', 2.0)
    meddler.garbage.add(GET_PRINTER_ATTRIBUTES)
    desk = await odd()
    assert (desk.shown(ODD).state, desk.shown(ODD).reasons) == ('idle', ('printer_unreadable',))
    (finding,) = await look(desk)
    assert finding.ok
    assert 'cannot read' in finding.text
    # it was only starting
    meddler.garbage.clear()
    await desk.until(lambda: desk.shown(ODD).reports)
    job = await desk.print(ODD)
    assert await desk.end(job) == p.Completed(job=job, dispatch=1)


@pytest.mark.parametrize(('operations', 'outcome', 'reason'), [
    ({GET_PRINTER_ATTRIBUTES}, p.Returned, 'stuck'), ({CREATE_JOB}, p.Returned, 'rejected'),
    ({SEND_DOCUMENT, GET_JOB_ATTRIBUTES}, p.Completed, '')], ids=['printer', 'create', 'document'])
async def test_answers_that_cups_itself_refuses(odd, meddler, impatient, operations, outcome, reason):
    """An integer of one byte. The agent skips it; CUPS asks until it is stopped."""
    meddler.short_integers.update(operations)
    desk = await odd()
    job = await desk.print(ODD)
    end = await desk.end(job)
    assert (type(end), end.reason) == (outcome, reason)
    assert len(desk.papers(job)) == (outcome is p.Completed)


