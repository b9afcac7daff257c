"""The list of printers, as people and servers see it."""

import asyncio

from print_agent.printing.breaker import PrinterBreakers
from print_agent.printing.printer_list import Printers, describe
from print_agent.protocol import messages as p
from print_agent.protocol import reasons

from tests.fakes.backend import FakeBackend


def test_a_printer_in_words():
    printer = p.Printer(name='desk1', state='stopped', model='Labels 3000', media=tuple(f'm{n}' for n in range(6)),
                        reasons=('media-empty-warning', 'printer_frozen', 'vendor-thing-error'))
    first, *others = describe(printer)
    assert first.split() == ['desk1', 'stopped', 'Labels', '3000']
    assert others == ['    says when a badge is out', '    media: m0, m1, m2, m3 and 2 more',
                      '    media-empty: The printer is out of labels or paper.',
                      f'    printer_frozen: {reasons.SENTENCES["printer_frozen"]}',
                      '    vendor-thing: The printer says: vendor-thing.']
    assert describe(p.Printer(name='usb', reports=False))[1:] == ['    cannot say when a badge is out']
    assert 'rejects jobs' in describe(p.Printer(name='usb', accepting=False))[0]


def test_a_printer_with_an_open_breaker_is_shown_as_stopped():
    async def follow():
        now = [0.0]
        breakers, shown = PrinterBreakers(lambda: now[0]), []
        printers = Printers([FakeBackend('a', 'b')], dict, breakers)
        printers.on_change(lambda: shown.append({x.name: (x.state, x.reasons) for x in printers.all()}))
        await printers.refresh()
        breakers.failed('a', 'job', 'engine_failed')
        await printers.refresh()
        now[0] = 100.0
        await printers.refresh()
        return shown
    idle = ('idle', ())
    assert asyncio.run(follow()) == [{'a': idle, 'b': idle}, {'a': ('stopped', ('engine_failed',)), 'b': idle},
                                   {'a': idle, 'b': idle}]


def test_a_printer_that_was_away_does_not_rest_when_it_is_back():
    """A queue that was deleted and made again, or a printer that was switched off: what it failed before is past."""
    async def follow(away):
        breakers, backend = PrinterBreakers(lambda: 0.0), FakeBackend('a', 'b')
        printers = Printers([backend], dict, breakers)
        await printers.refresh()
        breakers.failed('a', 'job', 'engine_failed')
        breakers.failed('b', 'job', 'engine_failed')
        away(backend)
        await printers.refresh()
        assert breakers.blocked_by('a')
        back(backend)
        await printers.refresh()
        return [breakers.blocked_by(name) for name in 'ab']

    def back(backend):
        backend.names = ('a', 'b')
        backend.__dict__.pop('printers', None)

    def deleted(backend):
        backend.names = ('b',)

    def off(backend):
        async def printers():
            return [p.Printer(name='a', state='stopped', reasons=('printer_unreachable',)), p.Printer(name='b')]
        backend.printers = printers

    for away in (deleted, off):
        assert asyncio.run(follow(away)) == ['', 'engine_failed']
