"""Printers that CUPS prints to well and that say strange things when the agent asks them."""

import asyncio
import logging
from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest
from tests.fakes.badges import PDF
from tests.fakes.cups_desk import CupsDesk
from tests.stack.meddler import (CREATE_JOB, GET_JOB_ATTRIBUTES, GET_JOBS, GET_PRINTER_ATTRIBUTES, SEND_DOCUMENT,
                                 Meddler)

from print_agent.cli import doctor
from print_agent.protocol import messages as p
from print_agent.printing import cups, cups_client, devices, recognize, verdict
from print_agent.printing.backend import PrintRequest
from print_agent.printing.ipp import ListedJob, IppClient


#: The queue that leads through the meddler to the printer desk1
ODD = 'odd'
LOGIN = 'desk:s3cr3t-p4ss'


@pytest.fixture(scope='module')
def meddlers_queue(printing):
    with Meddler(printing.printers['desk1'], printing.folder) as meddler:
        printing.cups.add_queue(ODD, meddler.uri)
        yield meddler
        printing.cups._lp('lpadmin', '-x', ODD)


@pytest.fixture
def meddler(meddlers_queue, printing, printers):
    meddlers_queue.asked.clear()  # what CUPS asked when the queue was made
    yield meddlers_queue
    meddlers_queue.__dict__.update(name_length=None, wants_tls=False, login=None, is_strange=False, hides_jobs=False,
                                   hides_users=False, logins_in_the_clear=0)
    meddlers_queue.garbage.clear()
    meddlers_queue.refuses.clear()
    meddlers_queue.short_integers.clear()
    point(printing, meddlers_queue.uri)


@pytest.fixture
async def odd(tmp_path, printing, meddler, server):
    """An agent that is started when the faults are set."""
    desks = []

    async def start(**kwargs):
        desks.append(await CupsDesk(tmp_path, printing, server, **kwargs).start())
        return desks[0]

    yield start
    for desk in desks:
        await desk.stop()


def point(printing, uri):
    """Give the queue another device."""
    printing.cups._lp('lpadmin', '-p', ODD, '-v', f'{uri}?waitjob=false')
    printing.cups.enable(ODD)


async def look(desk, **changes):
    """What the doctor says about the queue."""
    found = await doctor.examine(replace(desk.config, **changes))
    return [finding for finding in found if finding.check == f'printer {ODD}']


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


async def test_without_the_login_badges_are_sent_and_the_doctor_says_why(odd, printing, meddler, caplog):
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


@pytest.fixture
def impatient(monkeypatch):
    """A verdict in seconds instead of a minute; it takes five to know whether a printer hides names."""
    for name in ('DELIVERY_TIMEOUT', 'SILENCE_TIMEOUT'):
        monkeypatch.setattr(verdict, name, 8.0)


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


@pytest.fixture
def nameless(meddler):
    meddler.name_length = 0
    return meddler


async def test_answers_that_cups_itself_refuses_where_names_are_hidden(odd, nameless, impatient):
    """Only CUPS can be asked here, and it would ask the printer until the badge has expired."""
    nameless.short_integers.add(GET_PRINTER_ATTRIBUTES)
    desk = await odd()
    job = await desk.print(ODD)
    end = await desk.end(job)
    assert (type(end), end.reason) == (p.Unknown, 'stuck')
    assert desk.papers(job) == []


@pytest.mark.parametrize('hides_users', [False, True])
async def test_a_badge_without_a_name_is_known_as_the_only_new_job(odd, nameless, hides_users):
    nameless.hides_users = hides_users
    desk = await odd()
    for _ in range(3):
        job = await desk.print(ODD)
        assert await desk.end(job) == p.Completed(job=job, dispatch=1)
        assert len(desk.papers(job)) == 1
    assert desk.shown(ODD).reports
    (finding,) = await look(desk)
    assert finding.ok
    assert 'hides the names of jobs' in finding.text


async def test_the_outcome_of_a_badge_without_a_name(odd, nameless, printers):
    desk = await odd()
    assert isinstance(await desk.end(await desk.print(ODD)), p.Completed)
    printers['desk1'].slow(3)
    job = await desk.print(ODD)
    await desk.heard(job, p.Printing)
    assert not desk.said(job, p.Completed)
    assert await desk.end(job) == p.Completed(job=job, dispatch=1)
    printers['desk1'].break_down()
    job = await desk.print(ODD)
    end = await desk.end(job)
    assert (type(end), end.reason) == (p.Returned, 'engine_failed')
    assert desk.papers(job) == []
    printers['desk1'].repair()
    await desk.in_service(ODD)


async def test_a_power_cut_where_names_are_hidden(odd, nameless, printers):
    desk = await odd()
    printers['desk1'].slow(30)
    job = await desk.print(ODD)
    await desk.heard(job, p.Printing)
    await asyncio.sleep(3)  # as in printing_test
    printers['desk1'].cut_power()
    printers['desk1'].repair()
    printers['desk1'].start()
    end = await desk.end(job)
    assert (type(end), end.reason) == (p.Unknown, 'power_cycled')
    assert isinstance(await desk.end(await desk.print(ODD)), p.Completed)
    assert desk.papers(job) == []


async def test_a_badge_that_looks_like_another_job_is_sent(odd, nameless, monkeypatch):
    """Another computer prints there as the same user."""
    async def others_as_well(line):
        return [*await own_jobs(line), ListedJob(100_000, 9), ListedJob(100_001, 9)]

    desk = await odd()
    assert isinstance(await desk.end(await desk.print(ODD)), p.Completed)
    own_jobs = IppClient.own_jobs
    before = recognize.newest

    async def newest(line):
        number = await before(line)
        monkeypatch.setattr(IppClient, 'own_jobs', others_as_well)
        return number

    monkeypatch.setattr(cups, 'newest', newest)
    job = await desk.print(ODD)
    assert isinstance(await desk.end(job), p.Sent)
    await desk.until(lambda: desk.papers(job))
    assert (desk.shown(ODD).state, desk.shown(ODD).reasons) == ('idle', ())


async def test_a_printer_that_shows_no_jobs_gets_badges_that_are_sent(odd, meddler):
    meddler.hides_jobs = True
    desk = await odd()
    for _ in range(2):
        job = await desk.print(ODD)
        assert isinstance(await desk.end(job), p.Sent)
        await desk.until(lambda job=job: desk.papers(job))
    await desk.until(lambda: not desk.shown(ODD).reports)
    assert (desk.shown(ODD).state, desk.shown(ODD).reasons) == ('idle', ())
    (finding,) = await look(desk)
    assert finding.ok
    assert 'badges are "sent"' in finding.text


async def test_a_badge_that_never_came_to_a_printer_that_names_its_jobs_is_unknown(odd, meddler, printers):
    """CUPS calls it completed all the same, and another job is there."""
    desk = await odd()
    (finding,) = await look(desk)
    assert 'says when a badge is done' in finding.text
    way = desk.agent._ways[-1]
    sheet = PrintRequest(tag=str(uuid4()), title='of another name', document=PDF, copies=1, width_mm=96, height_mm=134,
                  expires=4e9)
    handle = await way.submit(ODD, sheet)
    way._client.job = partial(client_job, way._client)  # only CUPS knows this one, by its number
    end = await way.follow(ODD, sheet, handle, lambda: None, lambda _reason: None)
    assert (end.state, end.reason) == ('unknown', 'not_seen_at_printer')


async def client_job(client, number, _tag):
    attrs = (await client._jobs(first_job_id=number, limit=1)).get(number)
    return None if attrs is None else cups_client._view(attrs)
