"""Fixtures of tests about agents: rendered jobs, and more laptops."""

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.models.desks import DeskPrinter
from indico_checkin_print.work.worker import render_waiting


@pytest.fixture
def jobs(db, check_in, create_reg, desk):
    """Six rendered jobs of one desk."""
    jobs = [check_in(create_reg(first_name=f'P{i}'))[0] for i in range(6)]
    render_waiting('test')
    for job in jobs:
        db.session.refresh(job)
    return jobs


@pytest.fixture
def create_agent(db, agent, desk):
    """Return a function that adds a second agent whose printer stands at the same desk."""

    from indico_checkin_print.models.agents import Agent

    def _create(printer):
        other = Agent(event_id=agent.event_id, name='Laptop 2', token_hash='x', link='link2', spool='s2',
                      seen_dt=now_utc(), printers=[{'name': printer, 'state': 'idle', 'reasons': []}])
        desk.printers.append(DeskPrinter(position=1, agent=other, printer=printer))
        db.session.flush()
        return other
    return _create
