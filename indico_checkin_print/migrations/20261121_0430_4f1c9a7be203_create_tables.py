"""Create the tables

Revision ID: 4f1c9a7be203
Revises:
Create Date: 2026-11-21 04:30:00.000000
"""

from enum import Enum

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.ddl import CreateSchema, DropSchema

from indico.core.db.sqlalchemy import PyIntEnum, UTCDateTime


# revision identifiers, used by Alembic.
revision = '4f1c9a7be203'
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = 'plugin_checkin_print'

# ``badge/content.py`` explains it
FUNCTION = """
CREATE OR REPLACE FUNCTION plugin_checkin_print.badge_fingerprint(integer, integer) RETURNS text LANGUAGE plpgsql STABLE STRICT
SET jit = off AS $$
BEGIN
    RETURN (SELECT md5(CAST(ROW(
        r.first_name, r.last_name, r.email, r.base_price, r.price_adjustment, r.currency, r.ticket_uuid, s.kind, s.template_id, s.backside, s.fold, f.ticket_template_id, e.title, e.description, e.start_dt, e.end_dt, e.timezone, e.logo_metadata, e.category_id, e.venue_id, e.venue_name, e.room_id, e.room_name, n.language, n.smallest_text, n.qr_level, n.template_rules,
        (SELECT array_agg(t.registration_tag_id ORDER BY t.registration_tag_id)
         FROM event_registration.registration_tags t WHERE t.registration_id = r.id),
        (SELECT array_agg(ROW(d.field_data_id, d.data, d.storage_file_id) ORDER BY d.field_data_id)
         FROM event_registration.registration_data d WHERE d.registration_id = r.id),
        (SELECT array_agg(ROW(i.id, i.title, i.data, i.is_enabled, i.is_deleted, i.current_data_id) ORDER BY i.id)
         FROM event_registration.form_items i WHERE i.registration_form_id = f.id),
        (SELECT array_agg(ROW(t.id, md5(CAST(t.data AS text)), t.background_image_id, t.backside_template_id, md5(CAST(b.data AS text)), b.background_image_id, b.backside_template_id) ORDER BY t.id)
         FROM indico.designer_templates t LEFT JOIN indico.designer_templates b ON b.id = t.backside_template_id
         WHERE t.id = ANY (ARRAY[s.template_id, f.ticket_template_id, $2] || ARRAY(
            SELECT CAST(rule AS integer)
            FROM jsonb_path_query(n.template_rules, 'lax $[*].template ? (@.type() == "number" && @ > 0 && @ < 2147483648).floor()') rule))),
        CASE WHEN CASE s.kind WHEN 1 THEN f.ticket_template_id ELSE s.template_id END IS NULL THEN (
            WITH RECURSIVE chain AS (
                -- an event in no category has the templates of the root
                SELECT c.id, c.parent_id, c.default_ticket_template_id, c.default_badge_template_id
                FROM categories.categories c WHERE c.id = coalesce(e.category_id, 0)
                UNION ALL
                SELECT c.id, c.parent_id, c.default_ticket_template_id, c.default_badge_template_id
                FROM categories.categories c JOIN chain ON c.id = chain.parent_id)
            SELECT array_agg(ROW(chain.id, t.id, md5(CAST(t.data AS text)), t.background_image_id, t.backside_template_id, md5(CAST(b.data AS text)), b.background_image_id, b.backside_template_id) ORDER BY chain.id)
            FROM chain JOIN indico.designer_templates t ON t.id =
                CASE s.kind WHEN 1 THEN chain.default_ticket_template_id
                ELSE chain.default_badge_template_id END
            LEFT JOIN indico.designer_templates b ON b.id = t.backside_template_id) END,
        (SELECT c.title FROM categories.categories c WHERE c.id = e.category_id),
        CASE WHEN n.language = 2 THEN (
            SELECT x.value FROM users.settings x
            WHERE x.user_id = r.user_id AND x.module = 'users' AND x.name = 'lang') END,
        (SELECT array_agg(ROW(x.module, x.name, x.value) ORDER BY x.module, x.name)
         FROM events.settings x WHERE x.event_id = e.id AND (x.module, x.name) IN (('core', 'organizer_info'), ('language', 'default_locale'), ('language', 'enforce_locale'))),
        (SELECT array_agg(ROW(l.id, l.person_id, l.first_name, l.last_name, p.first_name, p.last_name) ORDER BY l.id)
         FROM events.event_person_links l JOIN events.persons p ON p.id = l.person_id WHERE l.event_id = e.id)
    ) AS text))
    FROM event_registration.registrations r
    JOIN event_registration.forms f ON f.id = r.registration_form_id
    JOIN events.events e ON e.id = r.event_id
    LEFT JOIN plugin_checkin_print.forms s ON s.registration_form_id = f.id
    LEFT JOIN plugin_checkin_print.events n ON n.event_id = e.id
    WHERE r.id = $1);
END
$$
"""

# ``signals/checkin.py`` explains it
CHECK_IN_SETUP = """
CREATE OR REPLACE FUNCTION plugin_checkin_print.check_in_setup (
    _form_id int,
    _event_id int,
    _registration_id int,
    _checked_in_dt timestamptz,
    _user_id int,
    _token text,
    _printed int[],
    _coming int[]
) RETURNS TABLE (
    kind smallint,
    desk_id int,
    desks int[],
    hooks int[],
    paused_desks int[],
    paused boolean,
    unpaid smallint,
    reprint smallint,
    bulk_limit int,
    sources varchar[],
    badge_desk boolean,
    desk_rules jsonb,
    device int[],
    own_desk int,
    already_printed varchar[],
    known boolean,
    stamped timestamptz
)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
    PERFORM 1 FROM event_registration.registrations WHERE id = _registration_id FOR NO KEY UPDATE;
    RETURN QUERY SELECT f.kind, f.desk_id,
           (SELECT array_agg(d.id) FROM plugin_checkin_print.desks d
            WHERE d.event_id = _event_id AND NOT d.is_deleted) AS desks,
           (SELECT array_agg(ARRAY[w.id, w.send_badge::int] ORDER BY w.id) FROM plugin_checkin_print.webhooks w
            WHERE w.event_id = _event_id AND w.enabled AND NOT w.is_deleted
            AND 'registration.checked_in' = ANY(w.events)
            AND (w.form_ids IS NULL OR _form_id = ANY(w.form_ids)) AND NOT EXISTS (
                SELECT 1 FROM plugin_checkin_print.desks d WHERE d.webhook_id = w.id AND NOT d.is_deleted)) AS hooks,
           (SELECT array_agg(d.id) FROM plugin_checkin_print.desks d
            WHERE d.event_id = _event_id AND d.paused) AS paused_desks,
           e.paused, e.unpaid, e.reprint, e.bulk_limit, e.sources, e.badge_desk, e.desk_rules,
           (SELECT ARRAY[d.id, d.desk_id] FROM plugin_checkin_print.devices d
            WHERE d.event_id = _event_id AND d.token = _token) AS device,
           (SELECT o.desk_id FROM plugin_checkin_print.own_desks o
            WHERE o.event_id = _event_id AND o.user_id = _user_id AND o.ends_dt > now() AT TIME ZONE 'UTC')
           AS own_desk,
           (SELECT array_agg(j.person) FROM plugin_checkin_print.jobs j
            WHERE j.registration_id = _registration_id AND j.purpose = 'badge'
            AND (j.state = ANY(_printed) AND j.checked_in_dt != _checked_in_dt AT TIME ZONE 'UTC'
                 OR j.state = ANY(_coming) AND j.checked_in_dt IS NULL)) AS already_printed,
           EXISTS (SELECT 1 FROM plugin_checkin_print.jobs j
                   WHERE j.registration_id = _registration_id AND j.reprint_of_id IS NULL
                   AND j.checked_in_dt IS NOT NULL) AS known,
           (SELECT r.checked_in_dt AT TIME ZONE 'UTC' FROM event_registration.registrations r
            WHERE r.id = _registration_id AND r.checked_in) AS stamped
    FROM plugin_checkin_print.forms f
    LEFT JOIN plugin_checkin_print.events e ON e.event_id = _event_id
    WHERE f.registration_form_id = _form_id AND f.enabled;
END
$$
"""

# ``ledger/create.py`` explains it
RECORD_JOBS = """
CREATE OR REPLACE FUNCTION plugin_checkin_print.record_jobs (
    _event_id int,
    _registration_id int,
    _checked_in_dt timestamptz,
    _user_id int,
    _actor text,
    _ready int,
    _queued int,
    _rows text
) RETURNS TABLE (
    created bigint[],
    can_be_sent boolean,
    must_be_drawn boolean,
    notified bigint
)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY WITH clock AS (
        SELECT now() AT TIME ZONE 'UTC' AS now,
               -- in a long request people are checked in after its transaction began
               greatest(now(), cast(_checked_in_dt AS timestamptz)) AT TIME ZONE 'UTC' AS created
    ),
    prepared AS (
        SELECT p.person, p.document_id, p.drawn_from, p.losses, p.drawn_with FROM plugin_checkin_print.prepared p
        WHERE p.registration_id = _registration_id AND p.document_id IS NOT NULL AND p.drawn_by IN (
            SELECT h.detail FROM plugin_checkin_print.marks h WHERE starts_with(h.name, 'draws '))
        FOR SHARE OF p SKIP LOCKED
    ),
    wanted AS (
        SELECT r.*, p.document_id, p.losses, p.drawn_with, coalesce(p.drawn_from, '') AS drawn_from,
               CASE WHEN p.document_id IS NULL THEN r.state ELSE _ready END AS begins_as
        FROM jsonb_to_recordset(cast(_rows AS jsonb)) AS r
            (person text, purpose text, facts jsonb, reprint_of_id bigint, desk_id int, webhook_id int, state int,
             reason text, expires_in float, detail text)
        -- not one that somebody changed for this print
        LEFT JOIN prepared p ON p.person = r.person AND r.state = _queued
            AND (r.purpose = 'badge' OR starts_with(r.purpose, 'webhook:'))
            AND NOT coalesce(r.facts ?| ARRAY['template', 'edits'], false)
    ),
    created AS (
        INSERT INTO plugin_checkin_print.jobs
            (event_id, registration_id, person, checked_in_dt, purpose, facts, reprint_of_id, user_id, desk_id,
             webhook_id, state, reason, document_id, drawn_from, created_dt, changed_dt, queue_dt, next_try_dt,
             expires_dt)
        SELECT _event_id, _registration_id, r.person, cast(_checked_in_dt AS timestamptz) AT TIME ZONE 'UTC',
               r.purpose,
               nullif(coalesce(r.facts, '{}')
                      || CASE WHEN r.losses IS NULL THEN '{}' ELSE jsonb_build_object('losses', r.losses) END
                      || CASE WHEN r.drawn_with IS NULL THEN '{}'
                         ELSE jsonb_build_object('drawn_with', r.drawn_with) END, '{}'),
               r.reprint_of_id, _user_id, r.desk_id, r.webhook_id, r.begins_as,
               CASE WHEN r.document_id IS NULL THEN r.reason ELSE 'prepared' END, r.document_id, r.drawn_from,
               clock.created, clock.created, clock.now, clock.now, clock.now + make_interval(secs => r.expires_in)
        FROM clock, wanted r
        ON CONFLICT DO NOTHING
        RETURNING id, person, purpose, state, reason, desk_id, webhook_id, document_id
    ),
    history AS (
        INSERT INTO plugin_checkin_print.job_history (job_id, state, reason, detail, actor)
        SELECT c.id, c.state, w.reason, w.detail, _actor
        FROM created c JOIN wanted w ON w.person = c.person AND w.purpose = c.purpose
        UNION ALL
        SELECT c.id, c.state, c.reason, '', _actor FROM created c WHERE c.document_id IS NOT NULL
    )
    SELECT array_agg(id ORDER BY id),
           bool_or(state = _ready AND (webhook_id IS NOT NULL OR desk_id IN (
               SELECT d.id FROM plugin_checkin_print.desks d WHERE d.webhook_id IS NOT NULL))),
           bool_or(state = _queued),
           -- the agents of the desks
           (SELECT count(pg_notify('checkin_print', 'agent ' || p.agent_id))
            FROM created c JOIN plugin_checkin_print.desk_printers p ON p.desk_id = c.desk_id
            WHERE c.document_id IS NOT NULL) +
           -- the boards of the desks; they hear of what is queued when it is claimed, a moment later
           count(pg_notify('checkin_print', 'desk ' || desk_id))
               FILTER (WHERE desk_id IS NOT NULL AND state != _queued)
    FROM created HAVING count(*) > 0;
END
$$
"""


class _BadgeKind(int, Enum):
    ticket = 1
    badge = 2


class _Fold(int, Enum):
    none = 1
    side = 2
    top = 3


class _UnpaidPolicy(int, Enum):
    skip = 1
    hold = 2
    print = 3


class _ReprintPolicy(int, Enum):
    hold = 1
    print = 2
    skip = 3


class _NamelessPolicy(int, Enum):
    hold = 1
    print = 2


class _MissingGlyphsPolicy(int, Enum):
    hold = 1
    print = 2


class _BadgeLanguage(int, Enum):
    event = 1
    registrant = 2


class _QRLevel(int, Enum):
    low = 1
    medium = 2
    quartile = 3
    high = 4


class _PrepareWhen(int, Enum):
    request = 1
    time = 2
    idle = 3


class _JobState(int, Enum):
    held = 1
    queued = 2
    rendering = 3
    ready = 4
    dispatched = 5
    printing = 6
    completed = 7
    sent = 8
    failed = 9
    expired = 10
    canceled = 11
    unknown = 12


class _CertificateSource(int, Enum):
    registrations = 1
    speakers = 2


class _TopicSource(int, Enum):
    none = 1
    form = 2
    field = 3


class _CertificateLanguage(int, Enum):
    recipient = 1
    event = 2


class _RequestState(int, Enum):
    open = 1
    accepted = 2
    refused = 3


class _CertificateState(int, Enum):
    queued = 1
    making = 2
    ready = 3
    failed = 4
    revoked = 5
    canceled = 6


class _SendState(int, Enum):
    sending = 1
    sent = 2
    failed = 3


def upgrade():
    op.execute(CreateSchema(SCHEMA))
    op.create_table('agents',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('code_hash', sa.String(), nullable=True),
        sa.Column('code_expires_dt', UTCDateTime(), nullable=True),
        sa.Column('token_hash', sa.String(), nullable=True),
        sa.Column('paired_dt', UTCDateTime(), nullable=True),
        sa.Column('revoked_dt', UTCDateTime(), nullable=True),
        sa.Column('software', sa.String(), nullable=False),
        sa.Column('spool', sa.String(), nullable=False),
        sa.Column('link', sa.String(), nullable=False),
        sa.Column('seen_dt', UTCDateTime(), nullable=True),
        sa.Column('is_deleted', sa.Boolean(), server_default='false', nullable=False),
        sa.Column('draining', sa.Boolean(), server_default='false', nullable=False),
        sa.Column('printers', postgresql.JSONB(), nullable=False),
        sa.Column('left_out', sa.Integer(), server_default='0', nullable=False),
        sa.Column('created_dt', UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['event_id'], ['events.events.id'], name=op.f('fk_agents_event_id_events')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_agents')),
        sa.UniqueConstraint('code_hash', name=op.f('uq_agents_code_hash')),
        sa.UniqueConstraint('token_hash', name=op.f('uq_agents_token_hash')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_agents_event_id'), 'agents', ['event_id'], schema=SCHEMA)

    op.create_table('printer_troubles',
        sa.Column('agent_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('printer', sa.String(), nullable=False),
        sa.Column('failures', sa.Integer(), nullable=False),
        sa.Column('reason', sa.String(), nullable=False),
        sa.Column('failed_dt', UTCDateTime(), nullable=False),
        sa.Column('probe_dt', UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(['agent_id'], [f'{SCHEMA}.agents.id'], name=op.f('fk_printer_troubles_agent_id_agents'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('agent_id', 'printer', name=op.f('pk_printer_troubles')),
        schema=SCHEMA
    )

    op.create_table('equipment',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('agent_id', sa.Integer(), nullable=False),
        sa.Column('printer', sa.String(), server_default='', nullable=False),
        sa.Column('works', sa.Boolean(), nullable=False),
        sa.Column('since_dt', UTCDateTime(), nullable=True),
        sa.Column('announced_dt', UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(['agent_id'], [f'{SCHEMA}.agents.id'], name=op.f('fk_equipment_agent_id_agents'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_equipment')),
        sa.UniqueConstraint('agent_id', 'printer', name=op.f('uq_equipment_agent_id_printer')),
        schema=SCHEMA
    )

    op.create_table('events',
        sa.Column('event_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('paused', sa.Boolean(), nullable=False),
        sa.Column('unpaid', PyIntEnum(_UnpaidPolicy), nullable=False),
        sa.Column('reprint', PyIntEnum(_ReprintPolicy), nullable=False),
        sa.Column('nameless', PyIntEnum(_NamelessPolicy), server_default='1', nullable=False),
        sa.Column('missing_glyphs', PyIntEnum(_MissingGlyphsPolicy), server_default='1', nullable=False),
        sa.Column('language', PyIntEnum(_BadgeLanguage), server_default='1', nullable=False),
        sa.Column('smallest_text', sa.Integer(), server_default='6', nullable=False),
        sa.Column('qr_level', PyIntEnum(_QRLevel), server_default='2', nullable=False),
        sa.Column('bulk_limit', sa.Integer(), nullable=False),
        sa.Column('sources', postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column('desk_rules', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
        sa.Column('template_rules', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
        sa.Column('badge_desk', sa.Boolean(), server_default='false', nullable=False),
        sa.Column('prepare', PyIntEnum(_PrepareWhen), server_default='1', nullable=False),
        sa.Column('prepare_dt', UTCDateTime(), nullable=True),
        sa.Column('prepare_asked_dt', UTCDateTime(), nullable=True),
        sa.Column('prepared_dt', UTCDateTime(), nullable=True),
        sa.Column('preflight_asked_dt', UTCDateTime(), nullable=True),
        sa.Column('preflight_dt', UTCDateTime(), nullable=True),
        sa.Column('edits', postgresql.ARRAY(sa.String()), server_default='{text,printer,copies}', nullable=False),
        sa.Column('alert_emails', postgresql.ARRAY(sa.String()), server_default='{}', nullable=False),
        sa.Column('alerted_dt', UTCDateTime(), nullable=True),
        sa.CheckConstraint('bulk_limit >= 0', name='bulk_limit_not_negative'),
        sa.CheckConstraint('smallest_text > 0', name='smallest_text_positive'),
        sa.ForeignKeyConstraint(['event_id'], ['events.events.id'], name=op.f('fk_events_event_id_events')),
        sa.PrimaryKeyConstraint('event_id', name=op.f('pk_events')),
        schema=SCHEMA
    )

    op.create_table('webhooks',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('url', sa.String(), nullable=False),
        sa.Column('secrets', postgresql.JSONB(), nullable=False),
        sa.Column('send_badge', sa.Boolean(), nullable=False),
        sa.Column('fields', postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column('events', postgresql.ARRAY(sa.String()), server_default='{registration.checked_in,checkin.undone}', nullable=False),
        sa.Column('form_ids', postgresql.ARRAY(sa.Integer()), nullable=True),
        sa.Column('enabled', sa.Boolean(), nullable=False),
        sa.Column('failures', sa.Integer(), nullable=False),
        sa.Column('opened_dt', UTCDateTime(), nullable=True),
        sa.Column('probe_dt', UTCDateTime(), nullable=True),
        sa.Column('posted_dt', UTCDateTime(), nullable=True),
        sa.Column('notified_dt', UTCDateTime(), nullable=True),
        sa.Column('is_deleted', sa.Boolean(), nullable=False),
        sa.Column('created_dt', UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['event_id'], ['events.events.id'], name=op.f('fk_webhooks_event_id_events')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_webhooks')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_webhooks_event_id'), 'webhooks', ['event_id'], schema=SCHEMA)

    op.create_table('desks',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('webhook_id', sa.Integer(), nullable=True),
        sa.Column('paused', sa.Boolean(), nullable=False),
        sa.Column('standstill_dt', UTCDateTime(), nullable=True),
        sa.Column('notified_dt', UTCDateTime(), nullable=True),
        sa.Column('is_deleted', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['event_id'], ['events.events.id'], name=op.f('fk_desks_event_id_events')),
        sa.ForeignKeyConstraint(['webhook_id'], [f'{SCHEMA}.webhooks.id'], name=op.f('fk_desks_webhook_id_webhooks')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_desks')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_desks_event_id'), 'desks', ['event_id'], schema=SCHEMA)
    op.create_index(op.f('ix_uq_desks_event_id'), 'desks', ['event_id', sa.text('lower(name)')], unique=True,
                    schema=SCHEMA, postgresql_where=sa.text('NOT is_deleted'))
    op.create_index(op.f('ix_desks_webhook_id'), 'desks', ['webhook_id'], schema=SCHEMA)

    op.create_table('desk_printers',
        sa.Column('desk_id', sa.Integer(), nullable=False),
        sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('agent_id', sa.Integer(), nullable=False),
        sa.Column('printer', sa.String(), nullable=False),
        sa.Column('calibration', postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(['agent_id'], [f'{SCHEMA}.agents.id'], name=op.f('fk_desk_printers_agent_id_agents')),
        sa.ForeignKeyConstraint(['desk_id'], [f'{SCHEMA}.desks.id'], name=op.f('fk_desk_printers_desk_id_desks'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('desk_id', 'position', name=op.f('pk_desk_printers')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_desk_printers_agent_id'), 'desk_printers', ['agent_id'], schema=SCHEMA)

    op.create_table('own_desks',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('desk_id', sa.Integer(), nullable=False),
        sa.Column('ends_dt', UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['desk_id'], [f'{SCHEMA}.desks.id'], name=op.f('fk_own_desks_desk_id_desks'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['event_id'], ['events.events.id'], name=op.f('fk_own_desks_event_id_events')),
        sa.ForeignKeyConstraint(['user_id'], ['users.users.id'], name=op.f('fk_own_desks_user_id_users'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_own_desks')),
        sa.UniqueConstraint('event_id', 'user_id', name=op.f('uq_own_desks_event_id_user_id')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_own_desks_desk_id'), 'own_desks', ['desk_id'], schema=SCHEMA)
    op.create_index(op.f('ix_own_desks_user_id'), 'own_desks', ['user_id'], schema=SCHEMA)

    op.create_table('tech_calls',
        sa.Column('desk_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=True),
        sa.Column('called_dt', UTCDateTime(), nullable=False),
        sa.Column('answered_dt', UTCDateTime(), nullable=True),
        sa.Column('answered_by', sa.String(), server_default='', nullable=False),
        sa.Column('called_by', sa.String(), server_default='', nullable=False),
        sa.ForeignKeyConstraint(['desk_id'], [f'{SCHEMA}.desks.id'], name=op.f('fk_tech_calls_desk_id_desks'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.users.id'], name=op.f('fk_tech_calls_user_id_users'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('desk_id', name=op.f('pk_tech_calls')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_tech_calls_user_id'), 'tech_calls', ['user_id'], schema=SCHEMA)

    op.create_table('devices',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('token', sa.String(), nullable=False),
        sa.Column('name', sa.String(), server_default='', nullable=False),
        sa.Column('desk_id', sa.Integer(), nullable=True),
        sa.Column('created_dt', UTCDateTime(), server_default=sa.text("(now() AT TIME ZONE 'UTC')"), nullable=False),
        sa.ForeignKeyConstraint(['desk_id'], [f'{SCHEMA}.desks.id'], name=op.f('fk_devices_desk_id_desks'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['event_id'], ['events.events.id'], name=op.f('fk_devices_event_id_events')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_devices')),
        sa.UniqueConstraint('event_id', 'token', name=op.f('uq_devices_event_id_token')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_devices_desk_id'), 'devices', ['desk_id'], schema=SCHEMA)

    op.create_table('kiosks',
        sa.Column('device_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('place', sa.String(), nullable=False),
        sa.Column('languages', postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column('code_hash', sa.String(), nullable=True),
        sa.Column('code_expires_dt', UTCDateTime(), nullable=True),
        sa.Column('token_hash', sa.String(), nullable=True),
        sa.Column('paired_dt', UTCDateTime(), nullable=True),
        sa.Column('revoked_dt', UTCDateTime(), nullable=True),
        sa.Column('seen_dt', UTCDateTime(), nullable=True),
        sa.Column('scan', sa.String(), nullable=True),
        sa.ForeignKeyConstraint(['device_id'], [f'{SCHEMA}.devices.id'], name=op.f('fk_kiosks_device_id_devices'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('device_id', name=op.f('pk_kiosks')),
        sa.UniqueConstraint('code_hash', name=op.f('uq_kiosks_code_hash')),
        sa.UniqueConstraint('token_hash', name=op.f('uq_kiosks_token_hash')),
        schema=SCHEMA
    )

    op.create_table('forms',
        sa.Column('registration_form_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('enabled', sa.Boolean(), nullable=False),
        sa.Column('kind', PyIntEnum(_BadgeKind), nullable=False),
        sa.Column('template_id', sa.Integer(), nullable=True),
        sa.Column('backside', sa.Boolean(), nullable=False),
        sa.Column('fold', PyIntEnum(_Fold), server_default='1', nullable=False),
        sa.Column('desk_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['desk_id'], [f'{SCHEMA}.desks.id'], name=op.f('fk_forms_desk_id_desks'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['registration_form_id'], ['event_registration.forms.id'], name=op.f('fk_forms_registration_form_id_forms'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['template_id'], ['indico.designer_templates.id'], name=op.f('fk_forms_template_id_designer_templates'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('registration_form_id', name=op.f('pk_forms')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_forms_desk_id'), 'forms', ['desk_id'], schema=SCHEMA)
    op.create_index(op.f('ix_forms_template_id'), 'forms', ['template_id'], schema=SCHEMA)

    op.create_table('batches',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('registration_form_id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=True),
        sa.Column('order', sa.String(), nullable=False),
        sa.Column('separators', sa.Boolean(), nullable=False),
        sa.Column('paused', sa.Boolean(), nullable=False),
        sa.Column('created_dt', UTCDateTime(), nullable=False),
        sa.Column('canceled_dt', UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(['event_id'], ['events.events.id'], name=op.f('fk_batches_event_id_events')),
        sa.ForeignKeyConstraint(['registration_form_id'], ['event_registration.forms.id'], name=op.f('fk_batches_registration_form_id_forms')),
        sa.ForeignKeyConstraint(['user_id'], ['users.users.id'], name=op.f('fk_batches_user_id_users'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_batches')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_batches_event_id'), 'batches', ['event_id'], schema=SCHEMA)

    op.create_table('documents',
        sa.Column('id', sa.BigInteger(), nullable=False),
        sa.Column('registration_id', sa.Integer(), nullable=True),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.Column('kind', PyIntEnum(_BadgeKind), nullable=False),
        sa.Column('length', sa.Integer(), nullable=False),
        sa.Column('sha256', sa.String(), nullable=False),
        sa.Column('pages', sa.Integer(), nullable=False),
        sa.Column('two_sided', sa.Boolean(), server_default='false', nullable=False),
        sa.Column('width_mm', sa.Float(), nullable=False),
        sa.Column('height_mm', sa.Float(), nullable=False),
        sa.Column('created_dt', UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['registration_id'], ['event_registration.registrations.id'], name=op.f('fk_documents_registration_id_registrations'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_documents')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_documents_registration_id'), 'documents', ['registration_id'], schema=SCHEMA)

    op.create_table('prepared',
        sa.Column('registration_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('person', sa.String(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('document_id', sa.BigInteger(), nullable=True),
        sa.Column('drawn_from', sa.String(), nullable=False),
        sa.Column('drawn_by', sa.String(), nullable=False),
        sa.Column('reason', sa.String(), server_default='', nullable=False),
        sa.Column('drawn_with', postgresql.JSONB(), nullable=True),
        sa.Column('losses', postgresql.JSONB(), nullable=True),
        sa.Column('checked_dt', UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['document_id'], [f'{SCHEMA}.documents.id'], name=op.f('fk_prepared_document_id_documents'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['event_id'], ['events.events.id'], name=op.f('fk_prepared_event_id_events')),
        sa.ForeignKeyConstraint(['registration_id'], ['event_registration.registrations.id'], name=op.f('fk_prepared_registration_id_registrations'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('registration_id', 'person', name=op.f('pk_prepared')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_prepared_document_id'), 'prepared', ['document_id'], schema=SCHEMA)
    op.create_index(op.f('ix_prepared_event_id'), 'prepared', ['event_id'], schema=SCHEMA)

    op.create_table('examined',
        sa.Column('registration_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('person', sa.String(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('drawn_from', sa.String(), nullable=False),
        sa.Column('drawn_by', sa.String(), nullable=False),
        sa.Column('findings', postgresql.JSONB(), nullable=True),
        sa.Column('is_blocked', sa.Boolean(), nullable=False),
        sa.Column('seconds', sa.Float(), nullable=False),
        sa.Column('checked_dt', UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['event_id'], ['events.events.id'], name=op.f('fk_examined_event_id_events')),
        sa.ForeignKeyConstraint(['registration_id'], ['event_registration.registrations.id'], name=op.f('fk_examined_registration_id_registrations'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('registration_id', 'person', name=op.f('pk_examined')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_examined_event_id'), 'examined', ['event_id'], schema=SCHEMA)

    op.create_table('jobs',
        sa.Column('id', sa.BigInteger(), nullable=False),
        sa.Column('uuid', postgresql.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('registration_id', sa.Integer(), nullable=True),
        sa.Column('person', sa.String(), server_default='', nullable=False),
        sa.Column('checked_in_dt', UTCDateTime(), nullable=True),
        sa.Column('purpose', sa.String(), nullable=False),
        sa.Column('facts', postgresql.JSONB(), nullable=True),
        sa.Column('reprint_of_id', sa.BigInteger(), nullable=True),
        sa.Column('user_id', sa.Integer(), nullable=True),
        sa.Column('desk_id', sa.Integer(), nullable=True),
        sa.Column('batch_id', sa.Integer(), nullable=True),
        sa.Column('webhook_id', sa.Integer(), nullable=True),
        sa.Column('state', PyIntEnum(_JobState), nullable=False),
        sa.Column('reason', sa.String(), server_default='', nullable=False),
        sa.Column('detail', sa.String(), server_default='', nullable=False),
        sa.Column('created_dt', UTCDateTime(), nullable=False),
        sa.Column('changed_dt', UTCDateTime(), nullable=False),
        sa.Column('expires_dt', UTCDateTime(), nullable=False),
        sa.Column('queue_dt', UTCDateTime(), nullable=False),
        sa.Column('next_try_dt', UTCDateTime(), nullable=False),
        sa.Column('lease_dt', UTCDateTime(), nullable=True),
        sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
        sa.Column('agent_id', sa.Integer(), nullable=True),
        sa.Column('printer', sa.String(), server_default='', nullable=False),
        sa.Column('passed_over', postgresql.JSONB(), server_default='[]', nullable=False),
        sa.Column('dispatch', sa.Integer(), server_default='0', nullable=False),
        sa.Column('drawn_from', sa.String(), server_default='', nullable=False),
        sa.Column('document_id', sa.BigInteger(), nullable=True),
        sa.Column('dispatched_dt', UTCDateTime(), nullable=True),
        sa.CheckConstraint('state != 5 OR dispatched_dt IS NOT NULL', name='dispatched_has_dt'),
        sa.ForeignKeyConstraint(['agent_id'], [f'{SCHEMA}.agents.id'], name=op.f('fk_jobs_agent_id_agents')),
        sa.ForeignKeyConstraint(['batch_id'], [f'{SCHEMA}.batches.id'], name=op.f('fk_jobs_batch_id_batches'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['desk_id'], [f'{SCHEMA}.desks.id'], name=op.f('fk_jobs_desk_id_desks')),
        sa.ForeignKeyConstraint(['document_id'], [f'{SCHEMA}.documents.id'], name=op.f('fk_jobs_document_id_documents'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['event_id'], ['events.events.id'], name=op.f('fk_jobs_event_id_events')),
        sa.ForeignKeyConstraint(['registration_id'], ['event_registration.registrations.id'], name=op.f('fk_jobs_registration_id_registrations'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['reprint_of_id'], [f'{SCHEMA}.jobs.id'], name=op.f('fk_jobs_reprint_of_id_jobs'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['user_id'], ['users.users.id'], name=op.f('fk_jobs_user_id_users'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['webhook_id'], [f'{SCHEMA}.webhooks.id'], name=op.f('fk_jobs_webhook_id_webhooks')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_jobs')),
        sa.UniqueConstraint('uuid', name=op.f('uq_jobs_uuid')),
        schema=SCHEMA
    )
    op.create_index('ix_jobs_agent', 'jobs', ['agent_id'], schema=SCHEMA, postgresql_where=sa.text('state IN (4, 5, 6, 12)'))
    op.create_index('ix_jobs_alive', 'jobs', ['state', 'next_try_dt'], schema=SCHEMA, postgresql_where=sa.text('state IN (1, 2, 3, 4, 5, 6)'))
    op.create_index('ix_jobs_batch', 'jobs', ['batch_id', 'state', 'queue_dt'], schema=SCHEMA, postgresql_where=sa.text('batch_id IS NOT NULL'))
    op.create_index('ix_jobs_desk', 'jobs', ['desk_id', 'id'], schema=SCHEMA)
    op.create_index('ix_jobs_document', 'jobs', ['document_id'], schema=SCHEMA, postgresql_where=sa.text('document_id IS NOT NULL'))
    op.create_index('ix_jobs_event', 'jobs', ['event_id', 'id'], schema=SCHEMA)
    op.create_index('ix_jobs_event_state', 'jobs', ['event_id', 'state', 'id'], schema=SCHEMA)
    op.create_index('ix_jobs_held', 'jobs', ['event_id'], schema=SCHEMA, postgresql_where=sa.text('state = 1'))
    op.create_index('ix_jobs_needs_a_person', 'jobs', ['event_id', 'changed_dt'], schema=SCHEMA, postgresql_where=sa.text('state IN (9, 12)'))
    op.create_index('ix_jobs_registration', 'jobs', ['registration_id'], schema=SCHEMA)
    op.create_index('ix_jobs_ready', 'jobs', ['desk_id'], schema=SCHEMA, postgresql_where=sa.text('state = 4'))
    op.create_index('ix_jobs_rendering', 'jobs', ['desk_id'], schema=SCHEMA, postgresql_where=sa.text('state = 3'))
    op.create_index('ix_jobs_reprint_of', 'jobs', ['reprint_of_id'], schema=SCHEMA, postgresql_where=sa.text('reprint_of_id IS NOT NULL'))
    op.create_index('ix_jobs_webhook', 'jobs', ['webhook_id', 'id'], schema=SCHEMA, postgresql_where=sa.text('webhook_id IS NOT NULL'))
    op.create_index('ix_uq_jobs_checkin', 'jobs', ['registration_id', 'person', 'checked_in_dt', 'purpose'], unique=True, schema=SCHEMA, postgresql_where=sa.text('reprint_of_id IS NULL'))
    op.create_index('ix_uq_jobs_request', 'jobs', ['event_id', sa.text("(facts ->> 'key')")], unique=True, schema=SCHEMA, postgresql_where=sa.text("(facts ->> 'key') IS NOT NULL"))
    op.create_index('ix_uq_jobs_news', 'jobs', ['purpose'], unique=True, schema=SCHEMA, postgresql_where=sa.text("reprint_of_id IS NULL AND purpose LIKE 'news:%'"))

    op.create_table('attempts',
        sa.Column('id', sa.BigInteger(), nullable=False),
        sa.Column('job_id', sa.BigInteger(), nullable=False),
        sa.Column('webhook_id', sa.Integer(), nullable=False),
        sa.Column('dt', UTCDateTime(), server_default=sa.text("(clock_timestamp() AT TIME ZONE 'UTC')"), nullable=False),
        sa.Column('status', sa.Integer(), nullable=True),
        sa.Column('error', sa.String(), nullable=False),
        sa.Column('duration', sa.Integer(), nullable=False),
        sa.Column('snippet', sa.String(), nullable=False),
        sa.Column('may_have_arrived', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['job_id'], [f'{SCHEMA}.jobs.id'], name=op.f('fk_attempts_job_id_jobs'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['webhook_id'], [f'{SCHEMA}.webhooks.id'], name=op.f('fk_attempts_webhook_id_webhooks')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_attempts')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_attempts_job_id'), 'attempts', ['job_id'], schema=SCHEMA)
    op.create_index('ix_attempts_webhook', 'attempts', ['webhook_id', 'id'], schema=SCHEMA)

    op.create_table('job_history',
        sa.Column('id', sa.BigInteger(), nullable=False),
        sa.Column('job_id', sa.BigInteger(), nullable=False),
        sa.Column('dt', UTCDateTime(), server_default=sa.text("(clock_timestamp() AT TIME ZONE 'UTC')"), nullable=False),
        sa.Column('state', PyIntEnum(_JobState), nullable=False),
        sa.Column('reason', sa.String(), nullable=False),
        sa.Column('detail', sa.String(), nullable=False),
        sa.Column('actor', sa.String(), nullable=False),
        sa.ForeignKeyConstraint(['job_id'], [f'{SCHEMA}.jobs.id'], name=op.f('fk_job_history_job_id_jobs'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_job_history')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_job_history_job_id'), 'job_history', ['job_id'], schema=SCHEMA)

    op.create_table('marks',
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('dt', UTCDateTime(), nullable=False),
        sa.Column('detail', sa.String(), server_default='', nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_marks')),
        schema=SCHEMA
    )

    op.create_table('missed',
        sa.Column('registration_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('checked_in_dt', UTCDateTime(), nullable=False),
        sa.Column('source', sa.String(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=True),
        sa.Column('token', sa.String(), server_default='', nullable=False),
        sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
        sa.ForeignKeyConstraint(['registration_id'], ['event_registration.registrations.id'], name=op.f('fk_missed_registration_id_registrations'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.users.id'], name=op.f('fk_missed_user_id_users'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('registration_id', name=op.f('pk_missed')),
        schema=SCHEMA
    )

    op.create_table('certificate_types',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('title', sa.String(), nullable=False),
        sa.Column('enabled', sa.Boolean(), nullable=False),
        sa.Column('source', PyIntEnum(_CertificateSource), nullable=False),
        sa.Column('who', postgresql.JSONB(), nullable=True),
        sa.Column('checked_in_only', sa.Boolean(), nullable=False),
        sa.Column('topic', PyIntEnum(_TopicSource), nullable=False),
        sa.Column('topic_field_id', sa.Integer(), nullable=True),
        sa.Column('how_rules', postgresql.JSONB(), nullable=False),
        sa.Column('how_else', sa.String(), nullable=False),
        sa.Column('hours_field_id', sa.Integer(), nullable=True),
        sa.Column('template_id', sa.Integer(), nullable=True),
        sa.Column('template_values', postgresql.JSONB(), nullable=False),
        sa.Column('subject', sa.String(), nullable=False),
        sa.Column('body', postgresql.JSONB(), nullable=False),
        sa.Column('signed', sa.Boolean(), nullable=False),
        sa.Column('pdf_a', sa.Boolean(), nullable=False),
        sa.Column('language', PyIntEnum(_CertificateLanguage), nullable=False),
        sa.Column('validated', sa.Boolean(), nullable=False),
        sa.CheckConstraint("name ~ '^[a-z][a-z0-9-]{0,39}$'", name='name_valid'),
        sa.ForeignKeyConstraint(['event_id'], ['events.events.id'], name=op.f('fk_certificate_types_event_id_events')),
        sa.ForeignKeyConstraint(['hours_field_id'], ['event_registration.form_items.id'], name=op.f('fk_certificate_types_hours_field_id_form_items'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['template_id'], ['indico.receipt_templates.id'], name=op.f('fk_certificate_types_template_id_receipt_templates'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['topic_field_id'], ['event_registration.form_items.id'], name=op.f('fk_certificate_types_topic_field_id_form_items'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate_types')),
        sa.UniqueConstraint('event_id', 'name', name=op.f('uq_certificate_types_event_id_name')),
        schema=SCHEMA
    )

    op.create_table('send_runs',
        sa.Column('id', sa.BigInteger(), nullable=False),
        sa.Column('type_id', sa.Integer(), nullable=False),
        sa.Column('actor', sa.String(), nullable=False),
        sa.Column('only', postgresql.JSONB(), nullable=True),
        sa.Column('max_emails', sa.Integer(), nullable=True),
        sa.Column('bcc', sa.String(), nullable=True),
        sa.Column('created_dt', UTCDateTime(), server_default=sa.text("(clock_timestamp() AT TIME ZONE 'UTC')"), nullable=False),
        sa.Column('next_try_dt', UTCDateTime(), nullable=False),
        sa.Column('failures', sa.Integer(), nullable=False),
        sa.Column('error', sa.String(), nullable=False),
        sa.Column('ended_dt', UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(['type_id'], [f'{SCHEMA}.certificate_types.id'], name=op.f('fk_send_runs_type_id_certificate_types'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_send_runs')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_send_runs_type_id'), 'send_runs', ['type_id'], schema=SCHEMA)
    op.create_index('ix_send_runs_open', 'send_runs', ['next_try_dt'], schema=SCHEMA, postgresql_where=sa.text('ended_dt IS NULL'))

    op.create_table('certificates',
        sa.Column('id', sa.BigInteger(), nullable=False),
        sa.Column('uuid', postgresql.UUID(), nullable=False),
        sa.Column('serial', sa.String(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('type_id', sa.Integer(), nullable=False),
        sa.Column('subject_key', sa.String(), nullable=False),
        sa.Column('registration_id', sa.Integer(), nullable=True),
        sa.Column('first_name', sa.String(), nullable=False),
        sa.Column('full_name', sa.String(), nullable=False),
        sa.Column('email', sa.String(), nullable=False),
        sa.Column('correction', postgresql.JSONB(), nullable=True),
        sa.Column('facts', postgresql.JSONB(), nullable=False),
        sa.Column('locale', sa.String(), nullable=False),
        sa.Column('state', PyIntEnum(_CertificateState), nullable=False),
        sa.Column('reason', sa.String(), nullable=False),
        sa.Column('detail', sa.String(), nullable=False),
        sa.Column('created_dt', UTCDateTime(), nullable=False),
        sa.Column('changed_dt', UTCDateTime(), nullable=False),
        sa.Column('next_try_dt', UTCDateTime(), nullable=False),
        sa.Column('lease_dt', UTCDateTime(), nullable=True),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('input_hash', sa.String(), nullable=False),
        sa.Column('made_from', sa.String(), nullable=True),
        sa.Column('file_id', sa.Integer(), nullable=True),
        sa.Column('sha256', sa.String(), nullable=True),
        sa.Column('made_dt', UTCDateTime(), nullable=True),
        sa.Column('signed_by', sa.String(), nullable=True),
        sa.Column('issued_dt', UTCDateTime(), nullable=True),
        sa.Column('published_dt', UTCDateTime(), nullable=True),
        sa.Column('revoked_dt', UTCDateTime(), nullable=True),
        sa.Column('revoked_why', sa.String(), nullable=False),
        sa.Column('send_state', PyIntEnum(_SendState), nullable=True),
        sa.Column('send_run_id', sa.BigInteger(), nullable=True),
        sa.Column('message_id', sa.String(), nullable=True),
        sa.Column('send_lease_dt', UTCDateTime(), nullable=True),
        sa.Column('handed_dt', UTCDateTime(), nullable=True),
        sa.Column('send_next_dt', UTCDateTime(), nullable=True),
        sa.Column('send_attempts', sa.Integer(), nullable=False),
        sa.Column('sent_dt', UTCDateTime(), nullable=True),
        sa.Column('send_failed_dt', UTCDateTime(), nullable=True),
        sa.Column('send_reason', sa.String(), nullable=False),
        sa.Column('send_error', sa.String(), nullable=False),
        sa.CheckConstraint('(state = 5) = (revoked_dt IS NOT NULL)', name='revoked_has_dt'),
        sa.CheckConstraint('send_state IS NULL OR message_id IS NOT NULL', name='send_state_has_message_id'),
        sa.CheckConstraint('state != 3 OR sha256 IS NOT NULL', name='ready_has_file'),
        sa.ForeignKeyConstraint(['event_id'], ['events.events.id'], name=op.f('fk_certificates_event_id_events')),
        sa.ForeignKeyConstraint(['file_id'], ['indico.files.id'], name=op.f('fk_certificates_file_id_files')),
        sa.ForeignKeyConstraint(['registration_id'], ['event_registration.registrations.id'], name=op.f('fk_certificates_registration_id_registrations'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['send_run_id'], [f'{SCHEMA}.send_runs.id'], name=op.f('fk_certificates_send_run_id_send_runs'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['type_id'], [f'{SCHEMA}.certificate_types.id'], name=op.f('fk_certificates_type_id_certificate_types')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_certificates')),
        sa.UniqueConstraint('serial', name=op.f('uq_certificates_serial')),
        sa.UniqueConstraint('type_id', 'subject_key', name=op.f('uq_certificates_type_id_subject_key')),
        sa.UniqueConstraint('uuid', name=op.f('uq_certificates_uuid')),
        schema=SCHEMA
    )
    op.create_index('ix_certificates_event', 'certificates', ['event_id', 'type_id', 'state', 'id'], schema=SCHEMA)
    op.create_index(op.f('ix_certificates_file_id'), 'certificates', ['file_id'], schema=SCHEMA)
    op.create_index('ix_certificates_message', 'certificates', ['message_id'], schema=SCHEMA, postgresql_where=sa.text('message_id IS NOT NULL'))
    op.create_index(op.f('ix_certificates_registration_id'), 'certificates', ['registration_id'], schema=SCHEMA)
    op.create_index(op.f('ix_certificates_send_run_id'), 'certificates', ['send_run_id'], schema=SCHEMA)
    op.create_index('ix_certificates_sending', 'certificates', ['send_lease_dt'], schema=SCHEMA, postgresql_where=sa.text('send_state = 1'))
    op.create_index(op.f('ix_certificates_sha256'), 'certificates', ['sha256'], schema=SCHEMA)
    op.create_index('ix_certificates_to_make', 'certificates', ['state', 'next_try_dt'], schema=SCHEMA, postgresql_where=sa.text('state IN (1, 2)'))

    op.create_table('certificate_history',
        sa.Column('id', sa.BigInteger(), nullable=False),
        sa.Column('certificate_id', sa.BigInteger(), nullable=False),
        sa.Column('dt', UTCDateTime(), server_default=sa.text("(clock_timestamp() AT TIME ZONE 'UTC')"), nullable=False),
        sa.Column('state', PyIntEnum(_CertificateState), nullable=True),
        sa.Column('send_state', PyIntEnum(_SendState), nullable=True),
        sa.Column('reason', sa.String(), nullable=False),
        sa.Column('detail', sa.String(), nullable=False),
        sa.Column('actor', sa.String(), nullable=False),
        sa.CheckConstraint('state IS NULL OR send_state IS NULL', name='one_of_two'),
        sa.ForeignKeyConstraint(['certificate_id'], [f'{SCHEMA}.certificates.id'], name=op.f('fk_certificate_history_certificate_id_certificates'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate_history')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_certificate_history_certificate_id'), 'certificate_history', ['certificate_id'], schema=SCHEMA)

    op.create_table('replaced_files',
        sa.Column('id', sa.BigInteger(), nullable=False),
        sa.Column('certificate_id', sa.BigInteger(), nullable=False),
        sa.Column('sha256', sa.String(), nullable=False),
        sa.Column('made_dt', UTCDateTime(), nullable=False),
        sa.Column('replaced_dt', UTCDateTime(), server_default=sa.text("(clock_timestamp() AT TIME ZONE 'UTC')"), nullable=False),
        sa.ForeignKeyConstraint(['certificate_id'], [f'{SCHEMA}.certificates.id'], name=op.f('fk_replaced_files_certificate_id_certificates'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_replaced_files')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_replaced_files_certificate_id'), 'replaced_files', ['certificate_id'], schema=SCHEMA)
    op.create_index(op.f('ix_replaced_files_sha256'), 'replaced_files', ['sha256'], schema=SCHEMA)

    op.create_table('name_requests',
        sa.Column('id', sa.BigInteger(), nullable=False),
        sa.Column('certificate_id', sa.BigInteger(), nullable=False),
        sa.Column('state', PyIntEnum(_RequestState), nullable=False),
        sa.Column('full_name', sa.String(), nullable=False),
        sa.Column('note', sa.String(), nullable=False),
        sa.Column('created_dt', UTCDateTime(), nullable=False),
        sa.Column('answered_dt', UTCDateTime(), nullable=True),
        sa.Column('answered_by', sa.String(), nullable=False),
        sa.Column('answer', sa.String(), nullable=False),
        sa.ForeignKeyConstraint(['certificate_id'], [f'{SCHEMA}.certificates.id'], name=op.f('fk_name_requests_certificate_id_certificates'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_name_requests')),
        schema=SCHEMA
    )
    op.create_index(op.f('ix_uq_name_requests_certificate_id'), 'name_requests', ['certificate_id'], unique=True, schema=SCHEMA, postgresql_where=sa.text('state = 1'))

    for function in (FUNCTION, CHECK_IN_SETUP, RECORD_JOBS):
        op.execute(function)


def downgrade():
    for function in ('badge_fingerprint', 'check_in_setup', 'record_jobs'):
        op.execute(f'DROP FUNCTION {SCHEMA}.{function}')
    op.drop_table('name_requests', schema=SCHEMA)
    op.drop_table('replaced_files', schema=SCHEMA)
    op.drop_table('certificate_history', schema=SCHEMA)
    op.drop_table('certificates', schema=SCHEMA)
    op.drop_table('send_runs', schema=SCHEMA)
    op.drop_table('certificate_types', schema=SCHEMA)
    op.drop_table('missed', schema=SCHEMA)
    op.drop_table('marks', schema=SCHEMA)
    op.drop_table('job_history', schema=SCHEMA)
    op.drop_table('attempts', schema=SCHEMA)
    op.drop_table('jobs', schema=SCHEMA)
    op.drop_table('examined', schema=SCHEMA)
    op.drop_table('prepared', schema=SCHEMA)
    op.drop_table('documents', schema=SCHEMA)
    op.drop_table('batches', schema=SCHEMA)
    op.drop_table('forms', schema=SCHEMA)
    op.drop_table('kiosks', schema=SCHEMA)
    op.drop_table('devices', schema=SCHEMA)
    op.drop_table('tech_calls', schema=SCHEMA)
    op.drop_table('own_desks', schema=SCHEMA)
    op.drop_table('desk_printers', schema=SCHEMA)
    op.drop_table('desks', schema=SCHEMA)
    op.drop_table('webhooks', schema=SCHEMA)
    op.drop_table('events', schema=SCHEMA)
    op.drop_table('equipment', schema=SCHEMA)
    op.drop_table('printer_troubles', schema=SCHEMA)
    op.drop_table('agents', schema=SCHEMA)
    op.execute(DropSchema(SCHEMA))
