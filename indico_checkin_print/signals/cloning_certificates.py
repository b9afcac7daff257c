"""What a cloned event takes over of certificates: its types, and the document templates that they use.

All are off, so nothing is made or sent before a manager has looked. No certificate goes along.
"""

from copy import deepcopy

from indico.core.db import db
from indico.modules.events.cloning import get_attrs_to_clone
from indico.modules.receipts.models.templates import ReceiptTemplate
from indico.modules.receipts.util import get_inherited_templates

from indico_checkin_print.certificates.presets import types_of
from indico_checkin_print.certificates.types import HowRule, Who
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.routing.rule_copies import conditional_for_clone
from indico_checkin_print.routing.rules import dump, parse


def clone_types(old_event, new_event, copies):
    """Clone the types of an event.

    :param copies: The `Copies` of what conditions ask about.
    """
    templates, known = {}, {type_.name: type_ for type_ in types_of(new_event)}
    for old in types_of(old_event):
        # an event into which settings are imported may have types that are off
        new = known.get(old.name) or CertificateType(event_id=new_event.id)
        new.populate_from_attrs(old, get_attrs_to_clone(CertificateType, skip={
            'enabled', 'who', 'how_rules', 'topic_field_id', 'hours_field_id', 'template_values', 'template_id'}))
        # a group with a condition that nothing is left of would fit others, and no group at all fits nobody
        new.who = None if old.who is None else dump(conditional_for_clone(parse(old.who, Who), copies))
        new.how_rules = dump(conditional_for_clone(parse(old.how_rules, HowRule), copies))
        new.topic_field_id, new.hours_field_id = (copies.fields.get(id_) for id_ in (old.topic_field_id,
                                                                                    old.hours_field_id))
        new.template = _template(old.template, new_event, templates)
        # images are those of the old event
        new.template_values = {} if new.template is None and old.template is not None else {
            name: value for name, value in old.template_values.items() if not str(value).startswith('event://')}
        db.session.add(new)


def _template(old, new_event, copied):
    """Return the template that stands for an old one: itself, if the clone inherits it, or a copy, or ``None``."""
    if old is None or old.is_deleted or old in get_inherited_templates(new_event):
        return None if old is None or old.is_deleted else old
    if old.event is None:
        # that of a category which the clone is not in is not ours to hand on
        return None
    if old not in copied:
        copied[old] = ReceiptTemplate(event=new_event, **{name: deepcopy(getattr(old, name)) for name in (
            'title', 'html', 'css', 'yaml', 'default_filename')})
        db.session.add(copied[old])
    return copied[old]
