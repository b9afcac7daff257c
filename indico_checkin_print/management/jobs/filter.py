"""What the jobs page shows, as its address says it: states, desk or webhook, form, name, and the place in the list."""

from dataclasses import dataclass

from indico_checkin_print import _
from indico_checkin_print.models.jobs import JobState


#: Longest name that is searched for, in characters
MAX_NAME = 100
#: Largest id of a job
MAX_ID = 2**63 - 1


@dataclass(frozen=True)
class Choices:
    """What the filters of an event can choose from, as titles by key."""

    #: Keys are `desk-<id>` and `webhook-<id>`
    places: dict[str, str]
    #: Keys are ids of registration forms
    forms: dict[str, str]


@dataclass(frozen=True)
class JobFilter:
    """Which jobs of an event; empty fields do not filter."""

    states: frozenset[JobState] = frozenset()
    #: A key of `Choices.places`
    place: str = ''
    #: A key of `Choices.forms`
    form: str = ''
    #: Part of a name, or a registration number
    name: str = ''

    @property
    def desk_id(self):
        """The desk of the place, or ``None``."""
        return self._id_of('desk')

    @property
    def webhook_id(self):
        """The webhook of the place, or ``None``."""
        return self._id_of('webhook')

    @property
    def form_id(self):
        """The registration form, or ``None`` for all."""
        return int(self.form) if self.form else None

    @property
    def args(self):
        """The arguments of a URL that say the same."""
        args = {'state': [state.name for state in sorted(self.states)], 'at': self.place, 'form': self.form,
                'name': self.name}
        return {key: value for key, value in args.items() if value}

    def __bool__(self):
        return bool(self.args)

    def _id_of(self, kind):
        prefix, __, id_ = self.place.partition('-')
        return int(id_) if prefix == kind else None


@dataclass(frozen=True)
class Cursor:
    """A place in the list, which begins with the newest job: after it if `older`, before it otherwise."""

    job_id: int
    older: bool = True

    @property
    def args(self):
        """The argument of a URL that says the same."""
        return {'before' if self.older else 'after': self.job_id}


def parse(args, choices):
    """Return what a URL asks for: a `JobFilter`, a `Cursor` or ``None``, and what is wrong with it, as sentences.

    What is wrong does not filter.

    :param args: The arguments of the URL, a `MultiDict`.
    """
    problems = []
    states = set()
    for name in args.getlist('state'):
        if name in JobState.__members__:
            states.add(JobState[name])
        elif name:
            problems.append(_('There is no such state: {}').format(_short(name)))
    place = args.get('at', '')
    if place and place not in choices.places:
        problems.append(_('This event has no such desk or webhook.'))
        place = ''
    form = args.get('form', '')
    if form and form not in choices.forms:
        problems.append(_('This event has no such registration form.'))
        form = ''
    name = ' '.join(args.get('name', '').split())
    if len(name) > MAX_NAME:
        problems.append(_('The name is too long; at most {} characters are searched for.').format(MAX_NAME))
        name = ''
    elif '\0' in name:
        problems.append(_('The name contains a character that no name has.'))
        name = ''
    wanted = JobFilter(states=frozenset(states), place=place, form=form, name=name)
    try:
        return wanted, _parse_cursor(args), problems
    except ValueError:
        return wanted, None, [*problems, _('This place in the list does not exist. These are the newest.')]


def list_args(args):
    """Return those arguments of a URL that belong to the jobs page, as they are."""
    return {key: args.getlist(key) for key in ('state', 'at', 'form', 'name', 'before', 'after') if key in args}


def _parse_cursor(args):
    for key, older in (('before', True), ('after', False)):
        if value := args.get(key):
            # digits of other scripts are digits to Python, too
            if not (value.isascii() and value.isdigit() and len(value) < 20 and int(value) <= MAX_ID):
                raise ValueError(value)
            return Cursor(int(value), older)
    return None


def _short(text):
    return text if len(text) <= 30 else f'{text[:30]}…'
