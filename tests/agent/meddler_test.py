"""Printers that CUPS prints to well and that say strange things when the agent asks them."""

import logging
from dataclasses import replace

import pytest
from conftest import Desk
from tests.stack.meddler import GET_JOB_ATTRIBUTES, GET_JOBS, GET_PRINTER_ATTRIBUTES, Meddler

from print_agent import doctor
from print_agent import protocol as p
from print_agent.printing import devices


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
    yield meddlers_queue
    meddlers_queue.__dict__.update(name_length=None, wants_tls=False, login=None, is_strange=False,
                                   logins_in_the_clear=0)
    meddlers_queue.garbage.clear()
    meddlers_queue.refuses.clear()
    meddlers_queue.asked.clear()
    point(printing, meddlers_queue.uri)


@pytest.fixture
async def odd(tmp_path, printing, meddler, server):
    """An agent that is started when the faults are set."""
    desks = []

    async def start(**kwargs):
        desks.append(await Desk(tmp_path, printing, server, **kwargs).start())
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
    """CUPS has it in the device URI, which it tells to nobody; the agent has a file of its own."""
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
async def test_without_a_word_about_jobs_badges_are_sent(odd, meddler, fault):
    fault(meddler)
    desk = await odd()
    for _ in range(2):
        job = await desk.print(ODD)
        assert isinstance(await desk.end(job), p.Sent)
        await desk.until(lambda job=job: desk.papers(job))
    await desk.until(lambda: desk.shown(ODD).reasons == ('printer_unreadable',))
    assert (desk.shown(ODD).state, desk.shown(ODD).reports) == ('idle', False)


async def test_a_printer_that_says_nothing_of_use_is_not_unreachable(odd, meddler, monkeypatch):
    """CUPS asks it as well, so nothing can print; but the agent does not claim to know more than it does."""
    monkeypatch.setattr(devices, 'MUTE', 2.0)
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
