"""The jobs page stays fast at a million jobs: every query of it walks along an index, and none reads a whole table.

``JOBS=1000000`` fills the ledger with a million, which takes about a minute; without it there are fewer, and PostgreSQL
plans for them in the same way.
"""

import os
import re
from itertools import product

import pytest

from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.registration.models.registrations import Registration
from indico.util.date_time import now_utc

from indico_checkin_print import ledger, sql
from indico_checkin_print.errors import TooManyPeople
from indico_checkin_print.ledger.forget import forget
from indico_checkin_print.management.jobs.filter import Cursor, JobFilter
from indico_checkin_print.management.jobs.query import PAGE_SIZE, find_people, job_ids
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.signals import checkin
from indico_checkin_print.signals.corrections import Changes
from tests.plugin.full_ledger import S, fill


pytestmark = pytest.mark.usefixtures('no_kick')

JOBS = int(os.environ.get('JOBS', '100000'))
#: What has so many rows that nothing may read all of them
LARGE = ('jobs', 'job_history')


@pytest.fixture
def many_jobs(db, event, objects, dummy_regform, create_regform):
    """Fill the ledger; return what there is to choose from."""
    rare_form, rare_desk = create_regform(event), Desk(event=event, name='Spare')
    db.session.add(rare_desk)
    db.session.flush()
    fill(db, event, JOBS, forms=[dummy_regform, rare_form], desks=[objects.desk, rare_desk], webhook=objects.webhook)
    yield {'places': ['', f'desk-{objects.desk.id}', f'desk-{rare_desk.id}', f'webhook-{objects.webhook.id}'],
           'forms': ['', str(dummy_regform.id), str(rare_form.id)]}
    # the rows go with the transaction, but their room in the files does not
    db.session.execute(db.text('ROLLBACK'))
    with db.engine.connect().execution_options(isolation_level='AUTOCOMMIT') as connection:
        for table in ('plugin_checkin_print.jobs', 'plugin_checkin_print.job_history',
                      'event_registration.registrations'):
            connection.execute(db.text(f'VACUUM (TRUNCATE, ANALYZE) {table}'))


@pytest.fixture
def plan(db):
    """Return a function that runs what `call` sends and returns how PostgreSQL did it, a list of lines a statement."""
    def _plan(call, *options):
        statements = []

        def _note(conn, cursor, statement, parameters, context, executemany):
            if statement.lstrip().upper().startswith(('SELECT', 'WITH')):
                statements.append((statement, parameters))

        db.event.listen(db.engine, 'before_cursor_execute', _note)
        try:
            call()
        finally:
            db.event.remove(db.engine, 'before_cursor_execute', _note)
        cursor = db.session.connection().connection.cursor()
        plans = []
        for statement, parameters in statements:
            cursor.execute(f'EXPLAIN ({", ".join(("COSTS OFF", *options))}) {statement}', parameters)
            plans.append([line for line, in cursor])
        return plans
    return _plan


def check(plans):
    """Fail if a plan reads all of a large table, in whatever way."""
    for plan in plans:
        text = '\n'.join(plan)
        for table in LARGE:
            assert not re.search(rf'Seq Scan on {table}\b', text), text
        # an index without a condition is the whole table, too, unless a limit above ends it; the ids are in such order
        for line, following in zip(plan, [*plan[1:], ''], strict=True):
            if re.search(r'Index (Only )?Scan (Backward )?using \w+ on jobs\b', line) and 'Cond:' not in following:
                assert re.search(r'\bLimit\b', text), text


def touched(plans):
    """Return how many rows of the ledger were read and thrown away."""
    return sum(int(found) for plan in plans for line in plan
               for found in re.findall(r'Rows Removed by (?:Filter|Join Filter|Index Recheck): (\d+)', line))


def run(db, event, wanted, people, cursor):
    return lambda: db.session.execute(job_ids(event.id, wanted, people, cursor, PAGE_SIZE + 1)).all()


STATES = [(), ('failed',), ('completed',), ('held', 'failed', 'unknown'), ('completed', 'sent', 'canceled')]


@pytest.mark.usefixtures('request_context', 'many_jobs')
def test_frequent_queries(db, event, plan, manager, page):
    """One person's jobs and those that are alive are found without reading those that have ended."""
    registration = Registration.query.filter_by(event_id=event.id).first()
    form_id = registration.registration_form_id
    its_page = f'/event/{event.id}/manage/registration/{form_id}/registrations/{registration.id}/'
    with sql.cursor() as cursor:
        # a function of the database, which EXPLAIN does not look into
        cursor.execute(f'EXPLAIN {checkin._SETUP.statement}', {
            'form_id': form_id, 'event_id': event.id, 'registration_id': registration.id, 'printed': [5, 7],
            'coming': [1, 5], 'checked_in_dt': now_utc(), 'user_id': 1, 'token': 'app:1'})
        plans = [[line for line, in cursor]]
    template_id = db.session.query(db.func.max(DesignerTemplate.id)).scalar() or 0
    changes = [Changes(registrations={registration.id}), Changes(forms={form_id}), Changes(templates={template_id}),
               Changes(events={event.id}), Changes(categories={event.category_id})]
    for change in changes:
        plans += plan(lambda change=change: ledger.redraw(change, 'test'))
    for call in (lambda: ledger.restamp(registration, None), lambda: ledger.cancel_check_in(registration, 'test'),
                 lambda: ledger.release_paid(registration, 'test'), lambda: forget(registration),
                 lambda: manager.get(its_page),
                 lambda: ledger.sweep('test'), lambda: ledger.claim_render('test'), lambda: ledger.claim_post('test'),
                 lambda: ledger.cancel_registration(registration, 'test')):
        plans += plan(call)
    assert len(plans) > 20
    for lines in plans:
        text = '\n'.join(lines)
        assert not re.search(r'Seq Scan on (jobs|job_history)\b', text), text
        assert not re.search(r'using pk_jobs on jobs(?!.*\n.*Index Cond)', text), text


@pytest.mark.usefixtures('request_context')
def test_plans(db, event, many_jobs, plan, manager, page, mocker):
    """All in one test, because filling the tables takes longer than everything else."""
    oldest, newest = db.session.query(db.func.min(Job.id), db.func.max(Job.id)).filter(Job.event_id == event.id).one()
    assert newest - oldest >= JOBS
    middle = (oldest + newest) // 2
    cursors = [None, Cursor(middle), Cursor(middle, older=False), Cursor(oldest + PAGE_SIZE)]

    # every combination of states, place, form and direction
    for states, place, form, cursor in product(STATES, many_jobs['places'], many_jobs['forms'], cursors[:2]):
        wanted = JobFilter(frozenset(S[state] for state in states), place, form)
        check(plan(run(db, event, wanted, None, cursor)))

    # what people ask for all day long reads little more than it shows
    for states, cursor in product(STATES, cursors):
        wanted = JobFilter(frozenset(S[state] for state in states))
        assert touched(plan(run(db, event, wanted, None, cursor), 'ANALYZE')) <= 20 * PAGE_SIZE, (states, cursor)
    for place, cursor in product(many_jobs['places'], cursors):
        wanted = JobFilter(place=place)
        assert touched(plan(run(db, event, wanted, None, cursor), 'ANALYZE')) <= 20 * PAGE_SIZE, (place, cursor)

    # a name, as rare and as frequent as may be searched for, with any other filter
    many = [id_ for id_, in db.session.query(Registration.id).filter_by(event_id=event.id).limit(2000)]
    for people, states, place in product(([], many[:1], many), STATES, many_jobs['places']):
        wanted = JobFilter(frozenset(S[state] for state in states), place, name='x')
        check(plan(run(db, event, wanted, people, None)))
    assert len(find_people(event.id, JobFilter(name='zoe person77'))) > 0
    check(plan(lambda: find_people(event.id, JobFilter(name='zoe person77'))))
    if len(many) == 2000:
        with pytest.raises(TooManyPeople):
            find_people(event.id, JobFilter(name='person'))

    # whole pages, with all that belongs to the rows: repeats, names, history
    job = db.session.query(Job.id).filter_by(event_id=event.id, state=S.failed).limit(1).scalar()
    for path in ('/jobs/', f'/jobs/?state=completed&before={middle}', '/jobs/?state=failed&name=ada+person77',
                 f'/jobs/?at={many_jobs["places"][2]}&form={many_jobs["forms"][2]}', f'/jobs/{job}/history', '/live'):
        plans = plan(lambda path=path: manager.get(page + path))
        assert plans
        check(plans)

    # the file, a part at a time
    mocker.patch('indico_checkin_print.management.jobs.export.CHUNK', 100)
    answer = []
    check(plan(lambda: answer.append(manager.get(f'{page}/jobs/export?state=failed').get_data())))
    assert answer[0].count(b'\r\n') == 1 + Job.query.filter_by(event_id=event.id, state=S.failed).count()
