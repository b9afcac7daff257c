"""Relay and sweep notice at the same moment that a printer has stopped."""

from datetime import timedelta

from indico.util.date_time import now_utc

from indico_checkin_print.diagnostics import equipment
from indico_checkin_print.models.equipment import Equipment
from indico_checkin_print.models.jobs import Job


def test_one_of_two_announces(db, races, agent, desk, webhook):
    webhook.events = ['agent.away', 'printer.stopped']
    equipment.check()
    agent.printers = [{'name': 'p1', 'state': 'stopped', 'reasons': ['media-empty-error']}]
    Equipment.query.filter_by(printer='p1').update({'since_dt': now_utc() - timedelta(seconds=11)})
    races.commit()
    races.at_once(*[equipment.check] * 4)
    races.commit()
    equipment.check()
    job, = Job.query
    assert job.purpose.startswith(f'news:printer.stopped:{webhook.id}:')


def test_two_find_it_first(db, races, agent, desk, webhook):
    webhook.events = ['agent.away']
    races.commit()
    races.at_once(*[equipment.check] * 4)
    races.commit()
    assert sorted(row.printer for row in Equipment.query) == ['', 'p1']
