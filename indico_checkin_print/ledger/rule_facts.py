"""Loads what the rules of an event ask about registrations, and nothing else: one statement for any number of them."""

from indico_checkin_print.routing.rules import Facts, answer, needs_of
from indico_checkin_print.sql import cursor


#: What each thing that rules may ask costs, by the fields of `Needs`
_PARTS = {
    'tags': """
        SELECT array_agg(t.registration_tag_id) FROM event_registration.registration_tags t
        WHERE t.registration_id = r.id""",
    'event_roles': """
        SELECT array_agg(m.role_id) FROM events.role_members m
        WHERE m.user_id = r.user_id AND m.role_id = ANY(%(event_roles)s)""",
    'category_roles': """
        SELECT array_agg(m.role_id) FROM categories.role_members m
        WHERE m.user_id = r.user_id AND m.role_id = ANY(%(category_roles)s)""",
    'groups': """
        SELECT array_agg(m.group_id) FROM users.group_members m
        WHERE m.user_id = r.user_id AND m.group_id = ANY(%(groups)s)""",
    # what was asked in a field or a section that is deleted now is no answer any more
    'fields': """
        SELECT jsonb_object_agg(v.field_id, d.data)
        FROM event_registration.registration_data d
        JOIN event_registration.form_field_data v ON v.id = d.field_data_id
        JOIN event_registration.form_items i ON i.id = v.field_id AND NOT i.is_deleted
        JOIN event_registration.form_items s ON s.id = i.parent_id AND NOT s.is_deleted
        WHERE d.registration_id = r.id AND v.field_id = ANY(%(fields)s)""",
}


def load_facts(rules, people, *, day, way):
    """Return the `Facts` that some rules need, by the id of the registration. They are about the registrants.

    :param people: Tuples of the id of a registration, the id of its form and its family name.
    :param day: That of the check-in, in the event's time zone.
    :param way: The `CheckinSource`.
    """
    needs = needs_of(rules)
    loaded = _load(needs, [id_ for id_, *__ in people]) if needs else {}
    return {id_: Facts(form_id=form_id, surname=surname, day=day, way=way,
                       **loaded.get(id_, {}))
            for id_, form_id, surname in people}


def _load(needs, ids):
    names = [name for name in _PARTS if getattr(needs, name)]
    parts = ', '.join(f'({_PARTS[name]})' for name in names)
    with cursor() as cur:
        # every part is a constant of this file
        cur.execute(f'SELECT r.id, {parts} FROM event_registration.registrations r WHERE r.id = ANY(%(ids)s)',  # noqa: S608
                    {'ids': ids} | {name: list(getattr(needs, name)) for name in names if name != 'tags'})
        rows = cur.fetchall()
    return {id_: dict(_fact(name, value) for name, value in zip(names, values, strict=True)) for id_, *values in rows}


def _fact(name, value):
    if name == 'fields':
        return 'answers', {int(id_): answer(data) for id_, data in (value or {}).items()}
    return name, frozenset(value or ())
