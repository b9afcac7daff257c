"""Edit for this print: one badge with other texts, template, printer or copies. The registration stays as it is."""

from dataclasses import dataclass

from flask import jsonify, request, session
from werkzeug.exceptions import NotFound

from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.modules.logs.models.entries import EventLogRealm, LogKind

from indico_checkin_print import _, kick, ledger
from indico_checkin_print.badge.blocked import is_blocked
from indico_checkin_print.badge.edits import BadgeText, normalize, problem_with
from indico_checkin_print.badge.names import names_of
from indico_checkin_print.badge.persons import name_of, persons_of
from indico_checkin_print.badge.preview import shown_pages
from indico_checkin_print.badge.render import texts_of
from indico_checkin_print.badge.templates import usable_templates
from indico_checkin_print.desk.base import RHVolunteerBase, WPVolunteer
from indico_checkin_print.desk.edit_rules import may_change, where_it_prints
from indico_checkin_print.desk.people import optional_id, summary
from indico_checkin_print.desk.scan import load
from indico_checkin_print.diagnostics.dots import dots_of
from indico_checkin_print.errors import CannotRender
from indico_checkin_print.ledger.edited import MAX_COPIES
from indico_checkin_print.management.base import in_english
from indico_checkin_print.management.registrations.draw import show
from indico_checkin_print.management.setup.when import EDIT_TITLES, setup_of
from indico_checkin_print.models.choices import BadgeEdit, BadgeKind
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.jobs import Job, JobState


@dataclass(frozen=True)
class Dialog:
    """What can be changed about one badge."""

    #: Why nothing can be; the rest is empty then
    refusal: str = ''
    #: The accompanying person whose badge it is; empty for the registrant
    person: str = ''
    #: The names of all persons with a badge, by their ids
    persons: dict[str, str] | None = None
    #: The number of the latest badge of the person, or 0: after another one the dialog is out of date
    latest: int = 0
    templates: tuple[DesignerTemplate, ...] = ()
    template: DesignerTemplate | None = None
    texts: tuple[BadgeText, ...] = ()
    printers: tuple[DeskPrinter, ...] = ()
    copies: bool = False

    @property
    def focus(self):
        """The key of the text that has the cursor: what is changed most is a name."""
        names = [text.key for text in self.texts if names_of(text.key)]
        return next(iter(names or [text.key for text in self.texts]), '')


class RHEditPrint(RHVolunteerBase):
    """Show the dialog for one badge, and print it.

    The fields ``person`` and ``template`` say which badge; ``text.<key>`` what stands on it, ``printer``, ``copies``.
    With ``show`` the badge is only shown, as it would come out.
    """

    def _process_args(self):
        RHVolunteerBase._process_args(self)
        # who prints locks it, so that no second click and no scan makes another badge meanwhile
        self.registration = load(self.event, Registration.id == request.view_args['registration_id'],
                                 Registration.event_id == self.event.id,
                                 lock=request.method == 'POST' and 'show' not in request.form)
        if self.registration is None:
            raise NotFound
        self.regform = self.registration.registration_form

    def _process_GET(self):
        dialog = self._dialog()
        return WPVolunteer.render_template_func(
            'edit_print.html', registration=self.registration, dialog=dialog, max_copies=MAX_COPIES,
            name=name_of(self.registration, self._person()),
            template_options=[('', _('What the form prints')), *((x.id, x.title) for x in dialog.templates)],
            printer_options=[('', _('Whichever is free')), *((_printer_value(x), x.printer) for x in dialog.printers)])

    def _process_POST(self):
        dialog = self._dialog()
        if dialog.refusal:
            return _problems(('', dialog.refusal))
        if request.form.get('latest') != str(dialog.latest):
            return _problems(('', _('Another badge of this person was asked for in the meantime. Close this and '
                                    'look at the board of the desk.')))
        problems, facts, changed = self._changes(dialog)
        copies = request.form.get('copies', '1') if dialog.copies else '1'
        if not copies.isascii() or not copies.isdigit() or len(copies) > 3 or not 1 <= int(copies) <= MAX_COPIES:
            problems.append(('copies', _('From 1 to {} copies, please.').format(MAX_COPIES)))
        if problems:
            return _problems(*problems)
        if 'show' in request.form:
            return self._show(dialog, facts)
        return self._print(dialog, facts, changed, int(copies))

    def _show(self, dialog, facts):
        """Return a picture of the badge with the changes, and what is wrong with it."""
        printer = next((x for x in dialog.printers if [x.agent_id, x.printer] == facts.get('printer')),
                       next(iter(dialog.printers), None))
        shown = show(self.registration, setup_of(self.event), dialog.person, dots=dots_of(printer),
                     template=dialog.template, edits=facts.get('edits'))
        pages = shown_pages(shown.content, dots_of(printer)) if shown.content else []
        return jsonify(printed=False, problems=[], notes=shown.notes, width_mm=shown.width_mm,
                       pages=[{'url': page.url, 'times': page.times} for page in pages])

    def _person(self):
        return request.values.get('person', '')[:100]

    def _dialog(self):
        """Return the `Dialog` for what the request is about."""
        setup, may = self.regform.checkin_print_setup, may_change(self.event)
        if refusal := _refusal(self.registration, setup, may):
            return Dialog(refusal)
        templates = tuple(usable_templates(self.regform)) if BadgeEdit.template in may else ()
        wanted = optional_id(request.values.get('template', ''))
        template = next((x for x in templates if x.id == wanted), None)
        is_badge = setup.kind == BadgeKind.badge or template is not None
        persons = {id_: name_of(self.registration, id_)
                   for id_ in (persons_of(self.registration) if is_badge else [''])}
        if (person := self._person()) not in persons or (wanted is not None and template is None):
            return Dialog(str(_('That has changed in the meantime. Close this and try again.')))
        try:
            texts = texts_of(self.registration, setup, person, template=template,
                             language=setup_of(self.event).language)
        except CannotRender as exc:
            return Dialog(f'{exc.reason.sentence} {exc.detail}'.strip())
        latest = _latest(self.registration, person)
        where = where_it_prints(self.registration, person, latest)
        desk = Desk.query.get(where.desk.desk_id) if where is not None and where.desk.desk_id is not None else None
        return Dialog(person=person, persons=persons, latest=latest.id if latest is not None else 0,
                      templates=templates, template=template, texts=tuple(texts) if BadgeEdit.text in may else (),
                      printers=tuple(desk.printers) if desk is not None and desk.webhook_id is None
                      and BadgeEdit.printer in may else (), copies=BadgeEdit.copies in may)

    def _changes(self, dialog):
        """Return the problems with what the form says, the facts of the job, and what was changed, in English."""
        problems, edits = [], {}
        for text in dialog.texts:
            value = normalize(request.form.get(f'text.{text.key}', text.text))
            # what stays as it is follows the registration, if that is corrected
            if value == normalize(text.text):
                continue
            if problem := problem_with(value):
                problems.append((f'text.{text.key}', problem))
            edits[text.key] = value
        facts = {'edits': edits} if edits else {}
        changed = [text.title for text in dialog.texts if text.key in edits]
        if dialog.template is not None:
            facts['template'] = dialog.template.id
            changed.append(in_english(EDIT_TITLES[BadgeEdit.template]))
        if wanted := request.form.get('printer', ''):
            printer = next((x for x in dialog.printers if _printer_value(x) == wanted), None)
            if printer is None:
                problems.append(('', _('The desk has no such printer any more. Close this and try again.')))
            else:
                facts['printer'] = [printer.agent_id, printer.printer]
                changed.append(in_english(EDIT_TITLES[BadgeEdit.printer]))
        return problems, facts, changed

    def _print(self, dialog, facts, changed, copies):
        latest = _latest(self.registration, dialog.person)
        where = where_it_prints(self.registration, dialog.person, latest)
        if where is None or where.state == JobState.canceled:
            return _problems(('', where.reason.sentence if where is not None else
                              _('That has changed in the meantime. Close this and try again.')))
        ledger.print_edited(self.registration, dialog.person, latest, state=where.state, reason=where.reason,
                            desk=where.desk, facts=facts or None, copies=copies, user=session.user)
        kick.after_commit()
        name = name_of(self.registration, dialog.person)
        # which texts, and not what they say
        self.event.log(EventLogRealm.management, LogKind.change, 'Check-in printing',
                       f'Badge of "{name}" printed with changes', session.user,
                       data={'Changed': ', '.join(changed), 'Copies': copies})
        waits = where.state == JobState.held
        return jsonify(printed=True, answer='edited', tone='note' if waits else 'good', word=_('Edited'),
                       sentence=where.reason.sentence if waits else _('The badge prints with your changes.'),
                       **summary(self.registration, dialog.person))


def _refusal(registration, setup, may):
    """Return why nobody can print a badge with changes, as a sentence; empty if somebody can."""
    if not may:
        return str(_('The event lets volunteers change nothing on a badge.'))
    if setup is None or not setup.enabled:
        return str(_('This form prints no badges.'))
    if not registration.checked_in:
        return str(_('Check the person in first.'))
    if registration.state not in {RegistrationState.complete, RegistrationState.unpaid}:
        return str(_('The registration is not complete any more.'))
    if is_blocked(registration):
        return str(_('The ticket is blocked.'))
    return ''


def _latest(registration, person):
    return (Job.query.filter_by(registration_id=registration.id, person=person, purpose=Job.PURPOSE_BADGE)
            .order_by(Job.id.desc()).populate_existing().first())


def _printer_value(printer):
    return f'{printer.agent_id}:{printer.printer}'


def _problems(*problems):
    return jsonify(printed=False, problems=[{'field': field, 'text': str(text)} for field, text in problems])
