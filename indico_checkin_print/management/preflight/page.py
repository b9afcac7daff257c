"""What preflight found: a list for templates and printers and one for people, with links to what has to change."""

import hashlib
from dataclasses import dataclass

from flask import current_app, request, session

from indico.core.plugins import url_for_plugin
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.logs.models.entries import LogKind
from indico.web.flask.util import url_for

from indico_checkin_print import _, kick
from indico_checkin_print.badge.persons import name_of
from indico_checkin_print.badge.preflight.findings import AT_PRINTERS, TITLES
from indico_checkin_print.diagnostics.preflight import digest_of, report_on
from indico_checkin_print.ledger import examined
from indico_checkin_print.management.base import RHCheckinPrintBase, WPCheckinPrint
from indico_checkin_print.management.setup.when import setup_of
from indico_checkin_print.management.visibility import visible_registrations


#: Most people whose badges are listed; the command line lists all
MAX_LISTED = 300
#: Most characters of a name in the list
MAX_NAME = 60


@dataclass(frozen=True)
class Person:
    """Somebody whose badge it is."""

    #: Their own name, and that of the registrant whom they accompany
    name: str
    with_whom: str
    url: str
    #: That of the dialog with the picture of the badge
    preview_url: str


@dataclass(frozen=True)
class Row:
    """One line of a list."""

    is_error: bool
    title: str
    words: str
    #: Of a badge of one person that person, of a template some people, if it was found on badges
    people: tuple[Person, ...]
    #: On how many badges it was found
    badges: int = 0
    #: What is at fault: a template or a desk, and where it is changed
    where: str = ''
    url: str = ''


class RHPreflight(RHCheckinPrintBase):
    """Show what is wrong with the badges of the event."""

    def _process(self):
        return WPCheckinPrint.render_template('preflight.html', self.event, **context(self.event))


class RHPreflightLive(RHCheckinPrintBase):
    """Return the parts of the page that change; the page's script asks for them.

    What the browser has is not made again: its ``ETag`` says how far the run was then, and what had been found.
    """

    def _process(self):
        visible, asked = _visible(self.event), request.if_none_match
        now = {'progress': examined.progress(self.event.id, *visible), **_run(self.event)}
        lists = digest_of(self.event.id, *visible)
        if not now['under_way']:
            # what is said of the badges as a whole is known when all of them are examined
            lists = f'{lists}.'
        etag = f'{lists}-{hashlib.sha256(repr([session.lang, now]).encode()).hexdigest()[:32]}'
        if asked.contains_weak(etag):
            return '', 304
        has_lists = any(tag.startswith(f'{lists}-') for tag in asked.as_set(include_weak=True))
        response = current_app.make_response(WPCheckinPrint.render_template_func(
            'preflight_live.html', event=self.event, **(now if has_lists and now['under_way'] else
                                                        context(self.event))))
        response.set_etag(etag, weak=True)
        return response


class RHExamine(RHCheckinPrintBase):
    """Examine all badges now; those that have not changed are not drawn again."""

    TAB = 'preflight'

    def _process(self):
        examined.ask(self.event.id)
        kick.prepare_after_response()
        self._log(LogKind.positive, 'Preflight of the badges')
        return self._back_to_page()


def context(event):
    """Return what the page shows to the user: nothing of people whom Indico hides from them, nor their number."""
    report = report_on(event.id, *_visible(event))
    rows = [_row(report, group) for group in report.groups if group.whose is None]
    people = [group for group in report.groups if group.whose is not None]
    return {'progress': report.progress, 'of_templates': rows, 'of_people': [_row(report, group) for group
                                                                              in people[:MAX_LISTED]],
            'errors': sum(group.is_error for group in report.groups), 'warnings': sum(
                not group.is_error for group in report.groups),
            'not_listed': max(0, len(people) - MAX_LISTED), **_run(event)}


def _run(event):
    return {'asked': setup_of(event).preflight_asked_dt is not None,
            'under_way': any(not wanted.is_idle for wanted in examined.wanted(event.id))}


def _visible(event):
    allowed = visible_registrations(event)
    return [] if allowed is None else [Registration.id.in_(allowed)]


def _row(report, group):
    people = tuple(_person(report.registrations[id_], person) for id_, person in
                   ([group.whose] if group.whose else group.examples))
    row = {'is_error': group.is_error, 'title': TITLES[group.kind], 'words': group.words, 'people': people,
           'badges': group.badges}
    if group.whose:
        return Row(**row)
    if group.kind in AT_PRINTERS:
        return Row(**row, where=group.findings[0].item)
    template = report.templates.get(group.template)
    if template is not None and template.id is not None:
        return Row(**row, where=template.title, url=url_for('designer.edit_template', template))
    # of a template that the event uses no longer there is no name
    return Row(**row, where=str(_('Simple badge')) if group.template is None else '')


def _person(registration, person):
    return Person(_shorten(name_of(registration, person)), _shorten(registration.full_name) if person else '',
                  url_for('event_registration.registration_details', registration),
                  url_for_plugin('checkin_print.preview_badge', registration, person=person))


def _shorten(name):
    """Return a name as a list shows it: one that is cut on a badge may have thousands of letters."""
    return name if len(name) <= MAX_NAME else f'{name[:MAX_NAME]}…'
