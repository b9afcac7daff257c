"""What is, or may be, on a badge: which attributes, and whether a document shows them as they are.

A job keeps a fingerprint of them, taken by the statement that claimed it for drawing and so before anything was read to
draw it. Permission to print is given by a statement that compares it, and so need not rely on having heard of a change.

The fingerprint is a function in the database, because PostgreSQL then plans it once for a connection. To plan it takes
2 ms, to take it 0.5 ms, twice for each badge.
"""

from functools import cache

from sqlalchemy import event, inspect

from indico.core.db import db
from indico.modules.categories.models.categories import Category
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.models.events import Event
from indico.modules.events.models.persons import EventPerson, EventPersonLink
from indico.modules.events.models.settings import EventSetting
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.registrations import Registration, RegistrationData

from indico_checkin_print.models import SCHEMA
from indico_checkin_print.models.choices import BadgeKind, BadgeLanguage
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.rules import EventSetup, FormSetup


#: What of each model is, or may be, on a badge. A test asks whether all of them exist
ON_A_BADGE = {
    Registration: ('first_name', 'last_name', 'email', 'base_price', 'price_adjustment', 'currency', 'tags',
                   'ticket_uuid'),
    RegistrationData: ('data', 'storage_file_id'),
    RegistrationFormField: ('title', 'data', 'is_enabled', 'is_deleted', 'current_data_id'),
    RegistrationForm: ('ticket_template_id',),
    DesignerTemplate: ('data', 'background_image_id', 'backside_template_id'),
    Event: ('title', '_description', 'start_dt', 'end_dt', 'timezone', 'logo_metadata', 'category_id',
            'own_venue_id', 'own_venue_name', 'own_room_id', 'own_room_name'),
    # see `EVENT_SETTINGS`
    EventSetting: ('value',),
    # the speakers
    EventPersonLink: ('person_id', '_first_name', '_last_name'),
    EventPerson: ('first_name', 'last_name'),
    Category: ('title', 'default_ticket_template_id', 'default_badge_template_id'),
    FormSetup: ('kind', 'template_id', 'backside', 'fold'),
    EventSetup: ('language', 'smallest_text', 'qr_level', 'template_rules'),
}
#: What Indico keeps among the settings of an event
EVENT_SETTINGS = {('core', 'organizer_info'), ('language', 'default_locale'), ('language', 'enforce_locale')}

# Each part is an index away from the registration. What many badges share is read anew for each of them, because only
# then does it need no lock and no listener. It sees what the statement sees that calls it (STABLE). PostgreSQL expects
# thousands of rows where there is one, and would compile the statement for seconds (JIT).
_FUNCTION = """
CREATE OR REPLACE FUNCTION {schema}.badge_fingerprint(integer, integer) RETURNS text LANGUAGE plpgsql STABLE STRICT
SET jit = off AS $$
BEGIN
    RETURN (SELECT md5(CAST(ROW(
        {registration}, {setup}, {form}, {event}, {rules},
        (SELECT array_agg(t.registration_tag_id ORDER BY t.registration_tag_id)
         FROM event_registration.registration_tags t WHERE t.registration_id = r.id),
        (SELECT array_agg(ROW(d.field_data_id, {data}) ORDER BY d.field_data_id)
         FROM event_registration.registration_data d WHERE d.registration_id = r.id),
        (SELECT array_agg(ROW(i.id, {field}) ORDER BY i.id)
         FROM event_registration.form_items i WHERE i.registration_form_id = f.id),
        (SELECT array_agg(ROW(t.id, {template}, {backside}) ORDER BY t.id)
         FROM indico.designer_templates t LEFT JOIN indico.designer_templates b ON b.id = t.backside_template_id
         WHERE t.id = ANY (ARRAY[s.template_id, f.ticket_template_id, $2] || ARRAY(
            SELECT CAST(rule AS integer)
            FROM jsonb_path_query(n.template_rules, {rules_templates}) rule))),
        CASE WHEN CASE s.kind WHEN {ticket} THEN f.ticket_template_id ELSE s.template_id END IS NULL THEN (
            WITH RECURSIVE chain AS (
                -- an event in no category has the templates of the root
                SELECT c.id, c.parent_id, c.default_ticket_template_id, c.default_badge_template_id
                FROM categories.categories c WHERE c.id = coalesce(e.category_id, 0)
                UNION ALL
                SELECT c.id, c.parent_id, c.default_ticket_template_id, c.default_badge_template_id
                FROM categories.categories c JOIN chain ON c.id = chain.parent_id)
            SELECT array_agg(ROW(chain.id, t.id, {template}, {backside}) ORDER BY chain.id)
            FROM chain JOIN indico.designer_templates t ON t.id =
                CASE s.kind WHEN {ticket} THEN chain.default_ticket_template_id
                ELSE chain.default_badge_template_id END
            LEFT JOIN indico.designer_templates b ON b.id = t.backside_template_id) END,
        (SELECT c.title FROM categories.categories c WHERE c.id = e.category_id),
        CASE WHEN n.language = {registrant} THEN (
            SELECT x.value FROM users.settings x
            WHERE x.user_id = r.user_id AND x.module = 'users' AND x.name = 'lang') END,
        (SELECT array_agg(ROW(x.module, x.name, x.value) ORDER BY x.module, x.name)
         FROM events.settings x WHERE x.event_id = e.id AND (x.module, x.name) IN ({settings})),
        (SELECT array_agg(ROW(l.id, {link}, {person}) ORDER BY l.id)
         FROM events.event_person_links l JOIN events.persons p ON p.id = l.person_id WHERE l.event_id = e.id)
    ) AS text))
    FROM event_registration.registrations r
    JOIN event_registration.forms f ON f.id = r.registration_form_id
    JOIN events.events e ON e.id = r.event_id
    LEFT JOIN {schema}.forms s ON s.registration_form_id = f.id
    LEFT JOIN {schema}.events n ON n.event_id = e.id
    WHERE r.id = $1);
END
$$
"""

#: The ids of the templates in the template rules of an event. What is stored is never trusted
_RULES_TEMPLATES = """'lax $[*].template ? (@.type() == "number" && @ > 0 && @ < 2147483648).floor()'"""


@event.listens_for(Job.__table__, 'after_create')
def _create_function(table, connection, **kwargs):
    connection.exec_driver_sql(function())


def function():
    """Return the SQL that creates the function, as the migration has it."""
    columns = {
        name: ', '.join(_expression(model, alias, column) for column in _columns(model))
        for name, alias, model in (
            ('registration', 'r', Registration), ('setup', 's', FormSetup), ('form', 'f', RegistrationForm),
            ('event', 'e', Event), ('rules', 'n', EventSetup), ('data', 'd', RegistrationData),
            ('field', 'i', RegistrationFormField), ('template', 't', DesignerTemplate),
            ('backside', 'b', DesignerTemplate), ('link', 'l', EventPersonLink), ('person', 'p', EventPerson))
    }
    settings = ', '.join(f"('{module}', '{name}')" for module, name in sorted(EVENT_SETTINGS))
    return _FUNCTION.format(**columns, settings=settings, ticket=int(BadgeKind.ticket),
                            registrant=int(BadgeLanguage.registrant), schema=SCHEMA, rules_templates=_RULES_TEMPLATES)


def _expression(model, alias, column):
    if (model, column) == (DesignerTemplate, 'data'):
        # a row as text has its quotes doubled, once for each row that it is in, and the rules may name 20 templates
        return f'md5(CAST({alias}.{column} AS text))'
    return f'{alias}.{column}'


def fingerprint_of(registration_id, template_id=0):
    """Return the expression for the fingerprint of what is, or may be, on the badge of a registration.

    :param template_id: The badge template to print, if it is not the one that the badge has anyway.
    """
    return getattr(db.func, SCHEMA).badge_fingerprint(registration_id, template_id)


@cache
def fingerprint():
    """Return the expression for the fingerprint of what is, or may be, on a job's badge; empty for a test badge."""
    # the template that was asked for, if it is not the form's
    template_id = db.func.coalesce(Job.facts['template'].astext.cast(db.Integer), 0)
    return db.func.coalesce(fingerprint_of(Job.registration_id, template_id), '')


@cache
def is_current():
    """Return the condition for jobs whose document, if they have one, shows what is true now."""
    return db.or_(Job.drawn_from == '', Job.drawn_from == fingerprint())


def _columns(model):
    """Return the names of a model's columns that are on a badge."""
    attrs = inspect(model).attrs
    return [attrs[name].columns[0].name for name in ON_A_BADGE[model] if hasattr(attrs[name], 'columns')]
