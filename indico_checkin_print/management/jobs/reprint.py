"""Another badge for somebody whose first one is, or may be, on paper; and what a person saw at the printer."""

from flask import flash, session
from wtforms.fields import SelectField
from wtforms.validators import DataRequired

from indico.modules.logs.models.entries import LogKind

from indico_checkin_print import _, kick, ledger
from indico_checkin_print.management.base import DialogForm, RHJobBase, action_form, dialog_done, in_english
from indico_checkin_print.management.jobs.rows import can_reprint, name_of
from indico_checkin_print.reasons.codes import Reason


REASONS = {
    Reason.lost: _('It was lost'),
    Reason.misprint: _('It was misprinted'),
    Reason.name_corrected: _('The name was corrected'),
    Reason.other: _('Another reason'),
}


class ReprintForm(DialogForm):
    """Why somebody gets another badge."""

    reason = SelectField(_('Why'), [DataRequired()],
                         choices=[('', _('Please select…')),
                                  *((str(reason), title) for reason, title in REASONS.items())])


class RHReprint(RHJobBase):
    """Print another badge like one that came out."""

    def _process(self):
        form = ReprintForm(event=self.event, target=self.job)
        if form.validate_on_submit():
            self._reprint(Reason(form.reason.data))
            return dialog_done()
        return action_form(form, _('Print again'), message=_('Another badge for {name}, at {desk}.').format(
            name=name_of(self.job), desk=self.job.desk.name if self.job.desk else '–'))

    def _reprint(self, reason):
        """Print another badge for one of `REASONS`, and flash what came of it. Return its job, if there is one."""
        if not can_reprint(self.job):
            flash(_('The badge has changed in the meantime.'), 'warning')
            return None
        name = name_of(self.job)
        job = ledger.reprint(self.job, session.user, reason, self._desk())
        kick.after_commit()
        self._log(LogKind.change, f'Badge of "{name}" printed again', reason=in_english(REASONS[reason]))
        flash(_('Another badge of {} is on its way.').format(name), 'success')
        return job


class RHCameOut(RHJobBase):
    """Note that a badge came out of which nobody knew."""

    def _process(self):
        if ledger.resolve(self.job, session.user, came_out=True):
            flash(_('Noted: the badge came out.'), 'success')
        else:
            flash(_('The badge has changed in the meantime.'), 'warning')
        return self._back_to_page()


class RHMissed(RHJobBase):
    """Note that a badge did not come out of which nobody knew, and print it."""

    def _process(self):
        if (ledger.resolve(self.job, session.user, came_out=False)
                and ledger.retry(self.job, session.user, self._desk())):
            kick.after_commit()
            flash(_('The badge is printed now.'), 'success')
        else:
            flash(_('The badge has changed in the meantime.'), 'warning')
        return self._back_to_page()
