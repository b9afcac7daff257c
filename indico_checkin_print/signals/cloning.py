"""What an event that is cloned takes over of check-in printing: rules, desks, what forms print, types of certificates.

Nothing that lets somebody in goes along: no print agent, so no desk has a printer, and no webhook with its address and
secrets. So nothing of the clone prints before a manager pairs a laptop for it. A pause is not a rule and stays behind,
and so do the addresses for e-mails about problems.
"""

from copy import deepcopy

from indico.core import signals
from indico.core.db import db
from indico.modules.designer.models.images import DesignerImageFile
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.designer.util import get_inherited_templates, is_regform_field_placeholder
from indico.modules.events.cloning import EventCloner, get_attrs_to_clone
from indico.modules.events.features.util import is_feature_enabled
from indico.modules.events.registration.models.forms import RegistrationForm

from indico_checkin_print import _
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.rules import EventSetup, FormSetup
from indico_checkin_print.routing.rule_copies import Copies, rules_for_clone, template_rules_for_clone
from indico_checkin_print.routing.rules import dump, parse
from indico_checkin_print.routing.template_rules import TemplateRule
from indico_checkin_print.signals.cloning_certificates import clone_types


def connect(plugin):
    """Begin to listen to Indico."""
    plugin.connect(signals.event_management.get_cloners, lambda sender, **kwargs: CheckinPrintCloner)
    plugin.connect(signals.event.registration.after_registration_form_clone, form_duplicated)


class CheckinPrintCloner(EventCloner):
    """Clones rules and desks; what the forms print, if the registration forms are cloned as well."""

    name = 'checkin_print'
    friendly_name = _('Check-in printing (rules, desks, what forms print, types of certificates)')
    uses = frozenset({'registration_forms', 'registration_tags', 'event_roles'})

    @property
    def is_visible(self):
        return is_feature_enabled(self.old_event, 'registration')

    @property
    def is_available(self):
        return _has_content(self.old_event)

    def get_conflicts(self, target_event):
        return [_('The target event already has settings for check-in printing')] if _has_content(target_event) else []

    def run(self, new_event, cloners, shared_data, event_exists=False):
        self._clone_rules(new_event)
        desks = self._clone_desks(new_event)
        forms = shared_data.get('registration_forms') or {'form_map': {}, 'item_map': {}}
        copies = self._copies(new_event, forms, shared_data)
        self._clone_desk_rules(new_event, desks, copies)
        templates = Templates(new_event, forms['form_map'], forms['item_map'])
        self._clone_forms(forms['form_map'], desks, templates)
        self._clone_template_rules(new_event, templates, copies)
        clone_types(self.old_event, new_event, copies)
        db.session.flush()

    def _clone_rules(self, new_event):
        old = EventSetup.query.get(self.old_event.id)
        if old is not None:
            new = EventSetup(event=new_event)
            skip = {'paused', 'desk_rules', 'template_rules', 'alert_emails', 'alerted_dt', 'prepare_dt',
                    'prepare_asked_dt', 'prepared_dt', 'preflight_asked_dt', 'preflight_dt'}
            new.populate_from_attrs(old, get_attrs_to_clone(EventSetup, skip=skip))
            db.session.add(new)

    def _clone_desks(self, new_event):
        """Return the new desks by the numbers of the old ones."""
        desks = {old.id: Desk(event=new_event, name=old.name) for old in _desks(self.old_event).order_by(Desk.id)}
        # in the same order, because the first one is that of forms without a desk
        for desk in desks.values():
            db.session.add(desk)
            db.session.flush()
        return desks

    def _copies(self, new_event, forms, shared_data):
        """Return what the clone has in place of what rules ask about; days are as many days from its start."""
        copies = {kind: {a.id: b.id for a, b in mapping.items()} for kind, mapping in (
            ('forms', forms['form_map']), ('fields', forms['item_map']),
            ('tags', (shared_data.get('registration_tags') or {'tag_map': {}})['tag_map']),
            ('event_roles', (shared_data.get('event_roles') or {'event_role_map': {}})['event_role_map']))}
        first, new_first = (event.start_dt.astimezone(event.tzinfo).date() for event in (self.old_event, new_event))
        return Copies(**copies, days=new_first - first)

    def _clone_desk_rules(self, new_event, desks, copies):
        """Copy the rules whose conditions the clone has something for."""
        old, new = EventSetup.query.get(self.old_event.id), EventSetup.query.get(new_event.id)
        if old is not None and old.desk_rules:
            new.desk_rules = dump(rules_for_clone(parse(old.desk_rules),
                                                  {id_: desk.id for id_, desk in desks.items()}, copies))

    def _clone_template_rules(self, new_event, templates, copies):
        """Copy the rules whose conditions and template the clone has something for."""
        old, new = EventSetup.query.get(self.old_event.id), EventSetup.query.get(new_event.id)
        if old is None or not old.template_rules:
            return
        rules = parse(old.template_rules, TemplateRule)
        found = DesignerTemplate.query.filter(DesignerTemplate.id.in_({rule.template for rule in rules}))
        ids = {tpl.id: copy.id for tpl in found if (copy := templates.of(tpl)) is not None}
        new.template_rules = dump(template_rules_for_clone(rules, ids, copies))

    def _clone_forms(self, form_map, desks, templates):
        for old_form, new_form in form_map.items():
            old = old_form.checkin_print_setup
            if old is not None:
                _copy_setup(old, new_form, desks.get(old.desk_id),
                            templates.of(old.template) if old.template is not None else None)


def form_duplicated(old_form, new_form, **kwargs):
    """Let the copy of a registration form within its event print what the form prints, at the same desk."""
    old = old_form.checkin_print_setup
    # with the whole event it is the cloner's choice
    if old is not None and new_form.event == old_form.event:
        # a template with fields of the old form does not know those of the copy
        fits = old.template is not None and old.template.registration_form is None
        _copy_setup(old, new_form, old.desk, old.template if fits else None)


def _copy_setup(old, new_form, desk, template):
    # a form whose template cannot come along says so on the page, as if somebody had deleted it
    new = FormSetup(registration_form=new_form, desk=desk, template=template)
    new.populate_from_attrs(old, get_attrs_to_clone(FormSetup))
    new.backside = old.backside and template is not None and template.backside_template is not None


class Templates:
    """The badge templates of a clone. Indico leaves those of an event behind, so they are copied here.

    :param form_map: The clone's registration forms by the old ones.
    :param item_map: Sections and fields of the clone's forms by the old ones.
    """

    def __init__(self, new_event, form_map, item_map):
        self._event = new_event
        self._forms = form_map
        self._fields = {f'field-{old.id}': f'field-{new.id}' for old, new in item_map.items()}
        self._inherited = get_inherited_templates(new_event)
        self._copies = {}

    def of(self, old):
        """Return the template that stands for an old one: itself, if the clone inherits it, or a copy, or ``None``."""
        if old in self._inherited:
            return old
        # that of a category which the clone is not in is not ours to hand on
        if old.event is None or not (old.registration_form is None or old.registration_form in self._forms):
            return None
        if old not in self._copies:
            self._copies[old] = self._copy(old)
        return self._copies[old]

    def _copy(self, old):
        new = DesignerTemplate(event=self._event, registration_form=self._forms.get(old.registration_form),
                               data=deepcopy(old.data), **{key: getattr(old, key) for key in ('type', 'title',
                                                                                              'is_clonable')})
        db.session.add(new)
        # images are stored under its number
        db.session.flush()
        images = {image.id: self._copy_image(image, new) for image in old.images}
        new.data = old.data | {'items': [item for old_item in old.data['items']
                                         if (item := self._item(old_item, images)) is not None]}
        if old.background_image is not None:
            new.background_image = images[old.background_image.id]
        if old.backside_template is not None:
            new.backside_template = self.of(old.backside_template)
        db.session.flush()
        return new

    def _item(self, item, images):
        """Return an item of a template for its copy; ``None`` if what it shows is not there."""
        item = deepcopy(item)
        if is_regform_field_placeholder(item):
            item['type'] = self._fields.get(item['type'])
        elif item['type'] == 'fixed_image':
            image = images.get(item['image_id'])
            item['image_id'] = image and image.id
        return None if None in (item['type'], item.get('image_id', '')) else item

    @staticmethod
    def _copy_image(old, template):
        new = DesignerImageFile(filename=old.filename, content_type=old.content_type, template=template)
        with old.open() as stream:
            new.save(stream)
        return new


def _has_content(event):
    return (EventSetup.query.filter_by(event_id=event.id).has_rows() or _desks(event).has_rows()
            or CertificateType.query.filter_by(event_id=event.id, enabled=True).has_rows()
            or FormSetup.query.join(RegistrationForm)
            .filter(RegistrationForm.event_id == event.id, ~RegistrationForm.is_deleted).has_rows())


def _desks(event):
    return Desk.query.filter_by(event_id=event.id, is_deleted=False)
