"""The jobs that a filter lets through, newest first, a page at a time.

Made for a million jobs: a page is found by the id of a job beside it and not by counting (keyset paging), and every
query walks along an index. `tests/plugin/management/jobs/query_test.py` asks PostgreSQL whether that is so.
"""

from dataclasses import dataclass

from sqlalchemy.dialects.postgresql import ARRAY

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.errors import TooManyPeople
from indico_checkin_print.management.jobs.filter import Cursor
from indico_checkin_print.models.jobs import Job, JobState


#: How many jobs a page shows
PAGE_SIZE = 50
#: How many registrations one search for a name may find
MAX_PEOPLE = 2000

#: A registration is found by every word being in its name, or in that of one of the persons who come along. Every
#: function that reads the names runs for each registration of the event, so it is PostgreSQL's own `unaccent`.
_PEOPLE = r"""
    WITH words AS MATERIALIZED (
        SELECT array_agg('%' || public.unaccent('public.unaccent', lower(word)) || '%') AS words
        FROM unnest(cast(:words AS text[])) word
    ), fields AS MATERIALIZED (
        SELECT d.id
        FROM event_registration.forms f
        JOIN event_registration.form_items i ON i.registration_form_id = f.id
        JOIN event_registration.form_field_data d ON d.field_id = i.id
        WHERE f.event_id = :event_id AND i.input_type = 'accompanying_persons'
    )
    SELECT r.id
    FROM event_registration.registrations r
    WHERE r.event_id = :event_id
      AND (cast(:form_id AS int) IS NULL OR r.registration_form_id = :form_id)
      AND (r.friendly_id = :number
           OR :by_name AND public.unaccent('public.unaccent', lower(r.first_name || ' ' || r.last_name))
                           LIKE ALL ((SELECT words FROM words)\:\:text[]))
    UNION
    SELECT r.id
    FROM event_registration.registration_data d
    JOIN event_registration.registrations r ON r.id = d.registration_id,
    jsonb_array_elements(CASE jsonb_typeof(d.data) WHEN 'array' THEN d.data END) person
    WHERE :by_name
      AND d.field_data_id IN (SELECT id FROM fields)
      AND r.event_id = :event_id
      AND (cast(:form_id AS int) IS NULL OR r.registration_form_id = :form_id)
      AND public.unaccent('public.unaccent', lower((person->>'firstName') || ' ' || (person->>'lastName')))
          LIKE ALL ((SELECT words FROM words)\:\:text[])
    LIMIT :limit
"""


def find_people(event_id, wanted, allowed=None):
    """Return the ids of the registrations that a filter's name or number means; ``None`` if it has none.

    :param allowed: A query for the ids of the registrations that may be found, or ``None`` for all of them.
    :raises TooManyPeople: if there are more than `MAX_PEOPLE`
    """
    if not wanted.name:
        return None
    number = wanted.name.removeprefix('#')
    is_number = number.isascii() and number.isdigit() and len(number) < 10
    # '#12' is a number and nothing else
    words = [] if is_number and number != wanted.name else [_escape(word) for word in wanted.name.split()]
    query = db.text(_PEOPLE)
    if allowed is not None:
        found = query.columns(Registration.id).subquery()
        query = db.select(found.c.id).where(found.c.id.in_(allowed)).limit(MAX_PEOPLE + 1)
    ids = db.session.execute(query, {
        'event_id': event_id, 'form_id': wanted.form_id, 'number': int(number) if is_number else None,
        'words': words, 'by_name': bool(words), 'limit': MAX_PEOPLE + 1 if allowed is None else None}).scalars().all()
    if len(ids) > MAX_PEOPLE:
        raise TooManyPeople
    return ids


@dataclass(frozen=True)
class Page:
    """The ids of the jobs of a page, newest first, and what leads to the pages beside it, if there are any."""

    ids: list[int]
    newer: Cursor | None = None
    older: Cursor | None = None


def find_page(event_id, wanted, cursor, visible=(), allowed=None):
    """Return the `Page` at a `Cursor`, or the first one if that is ``None``.

    :param visible: Conditions that all jobs must meet, see `visibility`.
    :param allowed: See `find_people`.
    :raises TooManyPeople: see `find_people`
    """
    people = find_people(event_id, wanted, allowed)

    def _ids(cursor):
        return db.session.execute(job_ids(event_id, wanted, people, cursor, PAGE_SIZE + 1, visible)).scalars().all()

    ids = _ids(cursor)
    if cursor is not None and not cursor.older:
        if len(ids) > PAGE_SIZE:
            ids = ids[PAGE_SIZE - 1::-1]
            return Page(ids, newer=Cursor(ids[0], older=False), older=Cursor(ids[-1]))
        # back at the beginning, which has filled since
        cursor, ids = None, _ids(None)
    more = len(ids) > PAGE_SIZE
    ids = ids[:PAGE_SIZE]
    return Page(ids, newer=Cursor(ids[0], older=False) if cursor is not None and ids else None,
                older=Cursor(ids[-1]) if more else None)


def job_ids(event_id, wanted, people, cursor, limit, visible=()):
    """Return a query for the ids of at most `limit` jobs: the newest, or those next to a `Cursor` (nearest first).

    :param people: What `find_people` returned.
    :param visible: Conditions that all jobs must meet, see `visibility`.
    """
    if people is not None:
        return _of_people(event_id, wanted, people, cursor, limit, visible)
    common = [Job.event_id == event_id, *_place(wanted), *visible]
    if wanted.form_id is not None:
        common.append(Job.registration_id.in_(db.select(Registration.id)
                                              .where(Registration.registration_form_id == wanted.form_id)))
    if not wanted.states or len(wanted.states) == len(JobState):
        return _slice(db.select(Job.id).where(*common), Job.id, cursor, limit)
    # an index is in the order of the ids within one state only
    slices = db.union_all(*(_slice(db.select(Job.id).where(*common, Job.state == state), Job.id, cursor, limit)
                            for state in sorted(wanted.states))).subquery()
    return _slice(db.select(slices.c.id), slices.c.id, cursor, limit)


def _of_people(event_id, wanted, people, cursor, limit, visible):
    """Return the query for the jobs of some registrations."""
    mine = Job.registration_id == db.func.any(db.cast(people, ARRAY(db.Integer)))
    # all of them come from the registration's index before any is sorted: walking back along the ids could mean to look
    # at everybody's jobs
    states = [Job.state.in_(sorted(wanted.states))] if wanted.states else []
    found = (db.select(Job.id).where(Job.event_id == event_id, mine, *_place(wanted), *states, *visible)
             .cte('found').prefix_with('MATERIALIZED'))
    return _slice(db.select(found.c.id), found.c.id, cursor, limit)


def _place(wanted):
    if wanted.desk_id is not None:
        return [Job.desk_id == wanted.desk_id]
    if wanted.webhook_id is not None:
        return [Job.webhook_id == wanted.webhook_id]
    return []


def _slice(query, job_id, cursor, limit):
    if cursor is not None:
        query = query.where(job_id < cursor.job_id if cursor.older else job_id > cursor.job_id)
    upwards = cursor is not None and not cursor.older
    return query.order_by(job_id.asc() if upwards else job_id.desc()).limit(limit)


def _escape(word):
    """Return a word so that LIKE takes it as it is."""
    return word.replace('\\', r'\\').replace('%', r'\%').replace('_', r'\_')
