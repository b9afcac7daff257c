"""What became of the badges, as a column and a filter of Indico's participant list (*Customise list*)."""

from indico.core import signals
from indico.core.db import db
from indico.modules.events.registration.custom import CustomRegistrationListItem, RegistrationListColumn
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print import _
from indico_checkin_print.models.jobs import Job, JobState


#: The choice of the filter for those who have no badge at all
NONE = 'none'


def connect(plugin):
    """Begin to listen to Indico."""
    plugin.connect(signals.event.registrant_list_items, list_items)


def list_items(regform, **kwargs):
    """Return what the list of a registration form can show besides Indico's columns (``registrant-list-item``)."""
    if regform.checkin_print_setup is not None:
        yield BadgeItem


class BadgeItem(CustomRegistrationListItem):
    """The state of the latest badge of each person of a registration."""

    name = 'checkin_print_badge'
    title = _('Badge')

    @property
    def filter_choices(self):
        return {NONE: _('No badge'), **{str(state.value): state.title for state in JobState}}

    def get_filter_criterion(self, values):
        """Return the condition for registrations of which at least one person has a badge of these states."""
        # what is stored with the user's list may be of another version
        states = [state for state in JobState if str(state.value) in values]
        newer = db.aliased(Job)
        is_latest = ~(db.session.query(newer.id)
                      .filter(newer.registration_id == Job.registration_id, newer.person == Job.person,
                              newer.purpose == Job.PURPOSE_BADGE, newer.id > Job.id)
                      .exists())
        criteria = [_badges().filter(Job.state.in_(states), is_latest).exists()] if states else []
        if NONE in values:
            criteria.append(~_badges().exists())
        return db.or_(*criteria) if criteria else None

    def load_data(self, registrations):
        """Return the cells; one query, however many registrations there are."""
        latest = (db.session.query(Job.registration_id, Job.state)
                  .filter(Job.registration_id.in_([registration.id for registration in registrations]),
                          Job.purpose == Job.PURPOSE_BADGE)
                  .distinct(Job.registration_id, Job.person)
                  .order_by(Job.registration_id, Job.person, Job.id.desc()))
        states = {}
        for registration_id, state in latest:
            # the registrant's comes first
            states.setdefault(registration_id, []).append(str(state.title))
        return {registration: _cell(states.get(registration.id, ())) for registration in registrations}


def _badges():
    return (db.session.query(Job.id)
            .filter(Job.registration_id == Registration.id, Job.purpose == Job.PURPOSE_BADGE)
            .correlate(Registration))


def _cell(titles):
    text = ', '.join(dict.fromkeys(titles))
    return RegistrationListColumn(text, text)
