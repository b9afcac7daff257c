"""The doctor at a real CUPS with real faults."""

import asyncio
import os
import shlex
import subprocess
from dataclasses import replace

import pytest

from print_agent.cli import doctor
from print_agent.config import Config, WebhookEndpoint
from print_agent.printing.layout import Layout


def lpadmin(printing, *args, command='lpadmin'):
    subprocess.run([command, '-h', printing.cups.server, *args], check=True, capture_output=True,
                   env={**os.environ, **printing.env})


def follow(printing, findings):
    """Run what the doctor says."""
    for command in findings.partition('Run: ')[2].split(' && '):
        sudo, program, *words = shlex.split(command)
        assert sudo == 'sudo'
        lpadmin(printing, *words, command=program)


@pytest.fixture
def config(tmp_path, printing, printers):
    return Config(folder=tmp_path, cups_server=printing.cups.server, spool=tmp_path / 'state', mode='poll')


async def look(config):
    """What the doctor says about CUPS and its printers: check -> what is to be done."""
    found = [f for f in await doctor.examine(config) if f.check.startswith(('printer', 'CUPS', 'pycups'))]
    return {finding.check: '' if finding.ok else finding.text for finding in found}


async def until(config, check, wanted):
    """Look until the doctor says what is wanted of one thing; return it."""
    async with asyncio.timeout(60):
        while not wanted(findings := (await look(config))[check]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        return findings


async def test_everything_is_fine(config):
    assert await look(config) == {'pycups': '', 'CUPS': '', 'printer desk1': '', 'printer desk2': ''}


async def test_queues_that_are_paused_or_reject(config, printing):
    try:
        lpadmin(printing, 'desk1', command='cupsdisable')
        lpadmin(printing, 'desk2', command='cupsreject')
        findings = await look(config)
        assert 'cupsenable desk1' in findings['printer desk1']
        assert 'cupsaccept desk2' in findings['printer desk2']
    finally:
        lpadmin(printing, 'desk1', command='cupsenable')
        lpadmin(printing, 'desk2', command='cupsaccept')


async def test_a_queue_that_waits_for_its_printer(config, printing):
    uri = printing.printers['desk1'].uri.partition('?')[0]
    try:
        lpadmin(printing, '-p', 'desk1', '-v', uri)
        findings = (await look(config))['printer desk1']
        assert '?waitjob=false' in findings
        # what it says helps
        follow(printing, findings)
        assert (await look(config))['printer desk1'] == ''
    finally:
        lpadmin(printing, '-p', 'desk1', '-v', f'{uri}?waitjob=false')


async def test_a_queue_that_knows_nothing_of_its_printer(config, printing):
    # as somebody makes it who has only the address of the printer and the option in mind; CUPS 2.4.2 makes the same of
    # it with `-m everywhere`, newer ones refuse that
    uri = printing.printers['desk1'].uri.partition('?')[0]
    lpadmin(printing, '-p', 'new', '-E', '-v', f'{uri}?waitjob=false')
    try:
        findings = await until(config, 'printer new', lambda findings: 'has not learned' in findings)
        follow(printing, findings)
        await until(config, 'printer new', lambda findings: not findings)  # CUPS asks the printer a moment later
    finally:
        lpadmin(printing, '-x', 'new')


async def test_a_printer_that_is_off_frozen_or_out_of_labels(config, printers):
    printers['desk1'].cut_power()
    assert 'switched on' in (await look(config))['printer desk1']
    printers['desk1'].start()
    printers['desk2'].freeze()
    assert (await look(config))['printer desk2']
    printers['desk2'].thaw()


async def test_a_queue_that_agent_toml_names_but_cups_does_not_have(config):
    findings = await look(replace(config, queues=('desk1', 'desk9')))
    assert set(findings) == {'pycups', 'CUPS', 'printer desk1', 'printer desk9'}
    assert 'lpstat -e' in findings['printer desk9']


async def test_settings_for_printers_that_are_not_there(config):
    config = replace(config, queues=('desk1',), layouts={'desk1': Layout(), 'desk2': Layout(), 'Desk1': Layout()},
                     webhook_endpoints=(WebhookEndpoint(printer='desk7', secrets=()),))
    findings = await look(config)
    assert set(findings) == {'pycups', 'CUPS', 'printer desk1', 'printer Desk1', 'printer desk7'}
    assert 'settings for a printer "Desk1"' in findings['printer Desk1']
    assert 'a webhook endpoint for a printer "desk7"' in findings['printer desk7']


async def test_cups_that_is_down(config, printing):
    printing.cups.stop()
    try:
        assert 'systemctl restart cups' in (await look(config))['CUPS']
    finally:
        printing.cups.start()


async def test_a_cups_on_another_computer(config, printing):
    # by an address that the agent does not know for its own computer's
    config = replace(config, cups_server=f'127.1:{printing.cups.port}')
    found = {finding.check: finding for finding in await doctor.examine(config)}
    assert found['CUPS'].ok
    assert 'this CUPS is on another computer (127.1): badges are reported as "sent"' in found['CUPS'].text
    assert found['printer desk1'].ok
    assert 'its badges are "sent"' in found['printer desk1'].text
    try:
        lpadmin(printing, 'desk1', command='cupsdisable')
        assert 'Run on 127.1: sudo cupsenable desk1' in (await look(config))['printer desk1']
    finally:
        lpadmin(printing, 'desk1', command='cupsenable')
    printing.cups.stop()
    try:
        assert 'Run on 127.1: sudo systemctl restart cups' in (await look(config))['CUPS']
    finally:
        printing.cups.start()
