"""A ledger as full as that of the largest event, written in a few statements."""

from indico_checkin_print.models.jobs import JobState


S = JobState
#: One registration for so many jobs
JOBS_OF_ONE = 10

#: Registrations: the first tenth belongs to the second form, so that its jobs are the oldest
_PEOPLE = """
    INSERT INTO event_registration.registrations
        (id, uuid, ticket_uuid, friendly_id, event_id, registration_form_id, state, base_price, price_adjustment,
         currency, submitted_dt, email, first_name, last_name, is_deleted, checked_in, rejection_reason,
         consent_to_publish, participant_hidden, created_by_manager, apple_wallet_serial)
    SELECT 1000000 + n, gen_random_uuid(), gen_random_uuid(), 1000 + n, :event_id,
           CASE WHEN n <= :people / 10 THEN :rare_form_id ELSE :form_id END, 1, 0, 0, 'EUR', now(),
           'p' || n || '@example.test', (array['Zoë', 'Ada', 'Grace', 'Åse', 'Jürgen'])[1 + n % 5], 'Person' || n,
           false, true, '', 0, false, false, ''
    FROM generate_series(1, :people) n
"""
#: Jobs in the order of their check-ins. A tenth goes to webhooks; the second desk printed the oldest hundredth.
_JOBS = """
    WITH made AS (
        INSERT INTO plugin_checkin_print.jobs
            (event_id, registration_id, person, checked_in_dt, purpose, reprint_of_id, desk_id, webhook_id, state,
             reason, created_dt, changed_dt, queue_dt, next_try_dt, expires_dt, dispatched_dt)
        SELECT :event_id, 1000000 + 1 + n / :jobs_of_one, '',
               now() AT TIME ZONE 'UTC' + make_interval(secs => n),
               CASE WHEN n % 10 = 0 THEN 'webhook:' || :webhook_id ELSE 'badge' END, NULL,
               CASE WHEN n % 10 = 0 THEN NULL WHEN n < :jobs / 100 THEN :rare_desk_id ELSE :desk_id END,
               CASE WHEN n % 10 = 0 THEN :webhook_id END,
               CASE WHEN n % 10 = 0 THEN 8 WHEN n % 1001 = 1 THEN 9 WHEN n % 5003 = 2 THEN 1 WHEN n % 101 = 3 THEN 11
                    WHEN n % 211 = 4 THEN 10 WHEN n % 10007 = 5 THEN 12 ELSE 7 END,
               'printed', now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC',
               now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
        FROM generate_series(0, :jobs - 1) n
        ORDER BY n
        RETURNING id, state, reason
    )
    INSERT INTO plugin_checkin_print.job_history (job_id, state, reason, detail, actor)
    SELECT id, state, reason, '', 'test' FROM made
"""
#: One in fifty was printed again
_REPEATED = """
    INSERT INTO plugin_checkin_print.jobs
        (event_id, registration_id, person, checked_in_dt, purpose, reprint_of_id, desk_id, state, reason, created_dt,
         changed_dt, queue_dt, next_try_dt, expires_dt)
    SELECT event_id, registration_id, person, checked_in_dt, purpose, id, desk_id, 7, 'printed', created_dt, changed_dt,
           queue_dt, next_try_dt, expires_dt
    FROM plugin_checkin_print.jobs
    WHERE event_id = :event_id AND purpose = 'badge' AND id % 50 = 7
"""
TABLES = ('plugin_checkin_print.jobs', 'plugin_checkin_print.job_history', 'event_registration.registrations')


def fill(db, event, jobs, *, forms, desks, webhook):
    """Fill the ledger of an event.

    :param forms: The form of most people, and that of those who came first.
    :param desks: The desk of most badges, and that of the first ones.
    """
    people = max(1, jobs // JOBS_OF_ONE)
    values = {'event_id': event.id, 'people': people, 'jobs': jobs, 'jobs_of_one': JOBS_OF_ONE, 'form_id': forms[0].id,
              'rare_form_id': forms[1].id, 'desk_id': desks[0].id, 'rare_desk_id': desks[1].id,
              'webhook_id': webhook.id}
    db.session.flush()
    # foreign keys are checked by plans that PostgreSQL keeps: one from when the tables held a few rows reads all of a
    # table for each row (ten minutes instead of ten seconds)
    for statement in ('DISCARD PLANS', 'SET LOCAL enable_seqscan = off', _PEOPLE, _JOBS, _REPEATED,
                      'SET LOCAL enable_seqscan = on'):
        db.session.execute(db.text(statement), values)
    analyze(db)


def analyze(db):
    """Let PostgreSQL know how full the tables are."""
    for table in TABLES:
        db.session.execute(db.text(f'ANALYZE {table}'))
