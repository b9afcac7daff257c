"""Which certificates the list shows, as its address says it, and the query for them."""

from dataclasses import dataclass

from indico.core.db import db

from indico_checkin_print import _
from indico_checkin_print.certificates.identity import typed
from indico_checkin_print.certificates.states import C, M
from indico_checkin_print.management.jobs.filter import MAX_ID, MAX_NAME, Cursor
from indico_checkin_print.management.visibility import visible_certificates
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate


#: Most certificates on a page
PAGE_SIZE = 100
#: What the filter of e-mails can choose, by the word of the URL
EMAILS = {'none': _('Not sent'), 'sending': _('Being sent'), 'sent': _('Sent'), 'failed': _('Failed')}
PUBLISHED = {'yes': _('Published'), 'no': _('Not published')}
#: The arguments of a URL that belong to the list
ARGS = ('state', 'email', 'published', 'type', 'name')


@dataclass(frozen=True)
class CertificateFilter:
    """Which certificates of an event; empty fields do not filter."""

    states: frozenset[C] = frozenset()
    #: A key of `EMAILS`
    email: str = ''
    #: A key of `PUBLISHED`
    published: str = ''
    #: The name of a type
    type: str = ''
    #: Part of a name or an address, or a number
    name: str = ''

    @property
    def args(self):
        """The arguments of a URL that say the same."""
        args = {'state': [state.name for state in sorted(self.states)], 'email': self.email,
                'published': self.published, 'type': self.type, 'name': self.name}
        return {key: value for key, value in args.items() if value}

    def __bool__(self):
        return bool(self.args)

    def conditions(self, event):
        """Return the SQL conditions for those that it lets through and that the user may see."""
        found = [Certificate.event_id == event.id, *visible_certificates(event)]
        if self.states:
            found.append(Certificate.state.in_(sorted(self.states)))
        else:
            found.append(Certificate.state != C.canceled)
        if self.email:
            state = None if self.email == 'none' else M[self.email]
            found.append(Certificate.send_state == state)
        if self.published:
            found.append(Certificate.published_dt.isnot(None) if self.published == 'yes' else
                         Certificate.published_dt.is_(None))
        if self.type:
            found.append(Certificate.type_id.in_(
                db.select(CertificateType.id).where(CertificateType.event_id == event.id,
                                                    CertificateType.name == self.type)))
        if self.name:
            found.append(_has_name(self.name))
        return found


def parse(args, types):
    """Return what a URL asks for: a `CertificateFilter`, a `Cursor` or ``None``, and what is wrong, as sentences.

    What is wrong does not filter.

    :param args: The arguments of the URL, a `MultiDict`.
    :param types: The types of the event.
    """
    problems = []
    states = {C[name] for name in args.getlist('state') if name in C.__members__}
    if any(name and name not in C.__members__ for name in args.getlist('state')):
        problems.append(_('There is no such state.'))
    chosen = {'type': args.get('type', ''), 'email': args.get('email', ''), 'published': args.get('published', '')}
    for key, known in (('type', {type_.name for type_ in types}), ('email', EMAILS), ('published', PUBLISHED)):
        if chosen[key] and chosen[key] not in known:
            problems.append(_('The list has no such filter: {}').format(chosen[key][:30]))
            chosen[key] = ''
    name = ' '.join(args.get('name', '').split())
    if len(name) > MAX_NAME or '\0' in name:
        problems.append(_('At most {} characters are searched for.').format(MAX_NAME))
        name = ''
    cursor = None
    for key, older in (('before', True), ('after', False)):
        value = args.get(key, '')
        if value.isascii() and value.isdigit() and len(value) < 20 and int(value) <= MAX_ID:
            cursor = Cursor(int(value), older)
    return CertificateFilter(frozenset(states), name=name, **chosen), cursor, problems


@dataclass(frozen=True)
class Page:
    """The ids of the certificates of a page, how many there are in all, and what leads to the pages beside it."""

    ids: list[int]
    count: int
    previous: Cursor | None = None
    following: Cursor | None = None


def find_page(conditions, cursor):
    """Return the `Page` at a `Cursor`, in the order in which they were entered.

    :param conditions: What `CertificateFilter.conditions` returned.
    """
    backwards = cursor is not None and cursor.older
    query = db.session.query(Certificate.id).filter(*conditions)
    if cursor is not None:
        query = query.filter(Certificate.id < cursor.job_id if backwards else Certificate.id > cursor.job_id)
    ids = [id_ for id_, in query.order_by(Certificate.id.desc() if backwards else Certificate.id)
           .limit(PAGE_SIZE + 1)]
    more, ids = len(ids) > PAGE_SIZE, ids[:PAGE_SIZE]
    if backwards:
        ids.reverse()
    return Page(ids, Certificate.query.filter(*conditions).count(),
                Cursor(ids[0]) if ids and (more if backwards else cursor is not None) else None,
                Cursor(ids[-1], older=False) if ids and (backwards or more) else None)


def _has_name(name):
    """Return the condition that all words are in the name or the address, or that it is the number."""
    text = db.func.concat_ws(' ', Certificate.full_name, Certificate.correction['full_name'].astext, Certificate.email,
                             Certificate.facts['topic'].astext)
    text = db.func.indico.indico_unaccent(db.func.lower(text))
    words = (db.func.strpos(text, db.func.indico.indico_unaccent(word.lower())) > 0 for word in name.split())
    return db.or_(db.and_(*words), Certificate.serial == typed(name))
