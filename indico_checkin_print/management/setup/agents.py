"""Print agents: the laptops at the desks, from their pairing code to their revocation."""

from flask import flash
from wtforms.fields import StringField
from wtforms.validators import DataRequired, Length, ValidationError

from indico.core.config import config
from indico.core.db import db
from indico.modules.logs.models.entries import LogKind
from indico.web.forms.base import FormDefaults
from indico.web.util import jsonify_data, jsonify_form, jsonify_template

from indico_checkin_print import _, sql
from indico_checkin_print.management.base import (DialogForm, RHAgentBase, RHCheckinPrintBase, WPCheckinPrint,
                                                  action_form)
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.pairing import CODE_LIFETIME


class AgentForm(DialogForm):
    """Name of a print agent."""

    name = StringField(_('Name'), [DataRequired(), Length(max=100)],
                       description=_('How you recognize the computer, such as "Laptop 3" or "Black ThinkPad".'))

    def validate_name(self, field):
        query = _agents(self.event).filter(db.func.lower(Agent.name) == db.func.lower(field.data))
        if self.target is not None:
            query = query.filter(Agent.id != self.target.id)
        if query.has_rows():
            raise ValidationError(_('Another print agent has this name.'))


class RHAddAgent(RHCheckinPrintBase):
    """Add a print agent and show the code that pairs it."""

    FOR_EVERYBODY = True

    def _process(self):
        self._check_limit(_agents(self.event))
        form = AgentForm(event=self.event)
        if form.validate_on_submit():
            agent = Agent(event=self.event, name=form.name.data)
            db.session.add(agent)
            self._log(LogKind.positive, f'Print agent "{agent.name}" added')
            return _show_new_code(agent)
        return action_form(form, _('Add and show its code'))


class RHEditAgent(RHAgentBase):
    """Change the name of a print agent."""

    def _process(self):
        form = AgentForm(event=self.event, target=self.agent, obj=FormDefaults(self.agent, {'name'}))
        if form.validate_on_submit():
            before, self.agent.name = self.agent.name, form.name.data
            self._log(LogKind.change, f'Print agent "{before}" renamed', new_name=self.agent.name)
            flash(_('The name has been changed.'), 'success')
            return jsonify_data(flash=False)
        return jsonify_form(form)


class RHNewCode(RHAgentBase):
    """Make another pairing code, and show it."""

    FOR_EVERYBODY = True

    def _process(self):
        if self.agent.revoked_dt is not None:
            self._check_limit(_agents(self.event))
            self.agent.revoked_dt = None
        self._log(LogKind.change, f'New pairing code for the print agent "{self.agent.name}"')
        return _show_new_code(self.agent)


class RHRevokeAgent(RHAgentBase):
    """Cut off a print agent at once: its token is worth nothing any more."""

    TAB = 'setup'

    def _process(self):
        if self.agent.revoked_dt is None:
            self.agent.revoke()
            db.session.flush()
            # the relay closes its link; the ledger gives its jobs to others
            sql.notify_agents([self.agent.id])
            self._log(LogKind.negative, f'Print agent "{self.agent.name}" revoked')
            flash(_('The print agent "{}" has been revoked. It gets no more badges.').format(self.agent.name),
                  'success')
        return self._back_to_page()


class RHRemoveAgent(RHAgentBase):
    """Take a revoked print agent off the list. What it printed keeps its name."""

    TAB = 'setup'

    def _process(self):
        desks = Desk.query.filter(Desk.event_id == self.event.id, ~Desk.is_deleted,
                                  Desk.printers.any(agent_id=self.agent.id)).all()
        if self.agent.revoked_dt is None:
            flash(_('Revoke the print agent "{}" first.').format(self.agent.name), 'error')
        elif desks:
            flash(_('The print agent "{agent}" cannot be removed, because a desk has its printers: {desks}.')
                  .format(agent=self.agent.name, desks=', '.join(desk.name for desk in desks)), 'error')
        else:
            self.agent.is_deleted = True
            self._log(LogKind.negative, f'Print agent "{self.agent.name}" removed')
            flash(_('The print agent "{}" has been removed.').format(self.agent.name), 'success')
        return self._back_to_page()


def _agents(event):
    return Agent.query.filter_by(event_id=event.id, revoked_dt=None)


def _show_new_code(agent):
    """Give an agent a new code and return the dialog that shows it: only now, because only its hash is stored."""
    code = agent.make_code()
    db.session.flush()
    return jsonify_template('pairing_code.html', _render_func=WPCheckinPrint.render_template_func, agent=agent,
                            code=code, command=f'print-agent pair {config.BASE_URL} {code}',
                            minutes=int(CODE_LIFETIME.total_seconds() // 60))
