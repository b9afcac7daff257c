"""Printers that hide the names of jobs, or the jobs, when the agent asks them."""

import asyncio
from functools import partial
from uuid import uuid4

import pytest

from print_agent.printing import cups, cups_client, recognize
from print_agent.printing.backend import PrintRequest
from print_agent.printing.ipp import IppClient, ListedJob
from print_agent.protocol import messages as p

from tests.fakes.badges import PDF
from tests.fakes.odd_queue import ODD, look
from tests.stack.meddler import GET_PRINTER_ATTRIBUTES


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


async def test_a_badge_that_never_arrived_is_unknown(odd, meddler, printers):
    """CUPS calls it completed all the same, and another job is there."""
    desk = await odd()
    (finding,) = await look(desk)
    assert 'says when a badge is done' in finding.text
    way = desk.agent._backends[-1]
    request = PrintRequest(tag=str(uuid4()), title='of another name', document=PDF, copies=1, width_mm=96,
                           height_mm=134, expires=4e9)
    handle = await way.submit(ODD, request)
    way._client.job = partial(client_job, way._client)  # only CUPS knows this one, by its number
    end = await way.follow(ODD, request, handle, lambda: None, lambda _reason: None)
    assert (end.state, end.reason) == ('unknown', 'not_seen_at_printer')


async def client_job(client, number, _tag):
    attrs = (await client._jobs(first_job_id=number, limit=1)).get(number)
    return None if attrs is None else cups_client._view(attrs)
