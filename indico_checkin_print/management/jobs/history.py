"""What happened to one job, and who did it."""

from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.users import User
from indico.web.util import jsonify_template

from indico_checkin_print import _
from indico_checkin_print.badge.items import key_of_template, title_of
from indico_checkin_print.badge.losses import losses_of
from indico_checkin_print.management.base import RHJobBase, WPCheckinPrint
from indico_checkin_print.management.jobs.rows import COLOURS, name_of
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.choices import TemplateLevel
from indico_checkin_print.models.devices import Device
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import describe
from indico_checkin_print.reasons.desk import describe_detail


class RHJobHistory(RHJobBase):
    """Show the history of a job."""

    def _process(self):
        steps = self.job.history
        reprints = Job.query.filter_by(event_id=self.event.id, reprint_of_id=self.job.id).order_by(Job.id).all()
        names = actor_names(self.event, {step.actor for step in steps})
        return jsonify_template('job_history.html', _render_func=WPCheckinPrint.render_template_func,
                                event=self.event, job=self.job, name=name_of(self.job), steps=steps, names=names,
                                reprints=reprints, describe=describe,
                                describe_detail=describe_detail, colours=COLOURS, changes=changes_of(self.job),
                                losses=losses_of(self.job), drawn_with=drawn_with(self.job))


def changes_of(job):
    """Return in words what somebody changed about a badge for this print: which texts, not what they say."""
    facts, changes = job.facts or {}, []
    if edits := facts.get('edits'):
        changes.append(_('Texts: {}').format(', '.join(title_of(key) for key in edits)))
    if (template_id := facts.get('template')) is not None:
        template = DesignerTemplate.get(template_id)
        changes.append(_('Template: {}').format(template.title if template is not None else '–'))
    if printer := facts.get('printer'):
        changes.append(_('Printer: {}').format(printer[1]))
    return changes


def drawn_with(job):
    """Return in words with which template a badge was drawn, and why with that one; empty if nobody knows."""
    known = (job.facts or {}).get('drawn_with')
    if not known:
        return ''
    template = DesignerTemplate.get(known['template']) if known['template'] is not None else None
    words = {
        TemplateLevel.asked: _('chosen for this print'),
        TemplateLevel.rule: _('by template rule {}').format(known['rule']),
        TemplateLevel.form: _('of the form'),
        TemplateLevel.category: _('default of the category'),
        TemplateLevel.builtin: _('there is no template'),
    }[TemplateLevel(known['level'])]
    title = (_('Simple badge') if known['level'] == TemplateLevel.builtin else
             template.title if template is not None else _('(deleted)'))
    words = _('{template} – {why}').format(template=title, why=words)
    return '; '.join([_copies(words, known.get('copies', 1)), *(
        _copies(title_of(key_of_template(id_)), copies) for id_, copies in known.get('added', ()))])


def _copies(words, copies):
    return words if copies == 1 else _('{count} copies of {what}').format(count=copies, what=words)


def actor_names(event, actors):
    """Return who the actors of a history are, by their code; whatever is no person, agent or kiosk is Indico itself."""
    ids = {'user': set(), 'agent': set(), 'kiosk': set()}
    for actor in actors:
        kind, __, id_ = actor.partition(':')
        if kind in ids and id_.isdigit():
            ids[kind].add(int(id_))
    names = dict.fromkeys(actors, _('Indico'))
    names |= {f'user:{user.id}': user.full_name for user in User.query.filter(User.id.in_(ids['user']))}
    names |= {f'agent:{agent.id}': _('Print agent {}').format(agent.name)
              for agent in Agent.query.filter(Agent.event_id == event.id, Agent.id.in_(ids['agent']))}
    names |= {f'kiosk:{device.id}': _('Kiosk {}').format(device.name)
              for device in Device.query.filter(Device.event_id == event.id, Device.id.in_(ids['kiosk']))}
    return names
