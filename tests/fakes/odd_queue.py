"""The print queue that leads through the virtual man in the middle."""

from dataclasses import replace

from print_agent.cli import doctor


#: The queue that leads through the meddler to the printer desk1
ODD = 'odd'


def point(printing, uri):
    """Give the queue another device."""
    printing.cups._lp('lpadmin', '-p', ODD, '-v', f'{uri}?waitjob=false')
    printing.cups.enable(ODD)


async def look(desk, **changes):
    """What the doctor says about the queue."""
    found = await doctor.examine(replace(desk.config, **changes))
    return [finding for finding in found if finding.check == f'printer {ODD}']
