"""What a program can choose for a badge: the ids of the event's desks, and of the templates of each form."""

from indico.modules.events.registration.models.forms import RegistrationForm
from indico.util.string import natural_sort_key

from indico_checkin_print.api.badges import RHBadgesBase, questions
from indico_checkin_print.api.base import answer
from indico_checkin_print.badge.templates import usable_templates
from indico_checkin_print.models.desks import Desk


class RHChoices(RHBadgesBase):
    """Say which desks and templates there are."""

    def _process(self):
        self._check_rate(questions())
        desks = Desk.query.filter_by(event_id=self.event.id, is_deleted=False).order_by(Desk.id)
        regforms = RegistrationForm.query.with_parent(self.event).filter_by(is_deleted=False)
        return answer({
            'desks': [{'id': desk.id, 'name': desk.name} for desk in desks],
            'forms': [{'id': regform.id, 'title': regform.title, 'prints': _prints(regform),
                       'templates': [{'id': template.id, 'title': template.title}
                                     for template in usable_templates(regform)]}
                      for regform in sorted(regforms, key=lambda x: natural_sort_key(x.title))],
        })


def _prints(regform):
    setup = regform.checkin_print_setup
    return setup is not None and setup.enabled
