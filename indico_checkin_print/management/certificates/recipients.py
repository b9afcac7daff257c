"""Who gets a certificate of a type, and who does not and why: all people, before anything is made."""

from collections import Counter

from flask import request

from indico.modules.events.registration.models.registrations import Registration
from indico.web.flask.util import url_for

from indico_checkin_print.certificates.people import select
from indico_checkin_print.certificates.selection import SENTENCES
from indico_checkin_print.management.base import WPCheckinPrint
from indico_checkin_print.management.certificates.base import RHTypeBase, visible_selection
from indico_checkin_print.management.jobs.filter import MAX_NAME
from indico_checkin_print.routing.collation import text_key


#: Most people on a page
PAGE_SIZE = 100


class RHRecipients(RHTypeBase):
    """Show them: those whose name or address has what is searched for, and of these those with one reason."""

    def _process(self):
        recipients, skips = visible_selection(self.type, select(self.type))
        counts = Counter(skip.reason for skip in skips)
        name = ' '.join(request.args.get('name', '')[:MAX_NAME].split())
        reason = request.args.get('reason', '')
        rows = [(one, None) for one in recipients if reason in {'', 'none'}]
        rows += [(skip.recipient, skip.reason) for skip in skips if reason in {'', str(skip.reason)}]
        rows = [row for row in rows if _matches(row[0], name)]
        number = request.args.get('page', '1')
        number = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1
        number = max(1, min(number, -(-len(rows) // PAGE_SIZE)))
        shown = rows[(number - 1) * PAGE_SIZE:number * PAGE_SIZE]
        return WPCheckinPrint.render_template(
            'certificate_recipients.html', self.event, type=self.type, rows=shown, total=len(rows), page=number,
            pages=-(-len(rows) // PAGE_SIZE), counts=counts, recipients=len(recipients), name=name, reason=reason,
            sentences=SENTENCES, max_name=MAX_NAME, urls=_urls([row[0] for row in shown]))


def _matches(recipient, name):
    text = text_key(f'{recipient.full_name} {recipient.email} {recipient.topic}')
    return all(text_key(word) in text for word in name.split())


def _urls(people):
    """Return the pages of the registrations of some recipients, by their ids."""
    ids = {one.registration_id for one in people if one.registration_id is not None}
    return {registration.id: url_for('event_registration.registration_details', registration)
            for registration in Registration.query.filter(Registration.id.in_(ids))} if ids else {}
