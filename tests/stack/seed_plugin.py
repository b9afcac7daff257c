"""The manager's part of the seed: forms that print, desks, webhooks, and agents that wait to be paired."""

from datetime import timedelta

from indico.core.db import db
from indico.util.date_time import now_utc

from print_agent.protocol.signing import new_secret

from indico_checkin_print.credentials import digest, new_code, normalize_code, seal
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.rules import FormSetup
from indico_checkin_print.models.webhooks import Webhook


def set_up_printing(event, forms, template, wanted):
    """Make desks, and let the first form print at the first desk, the second at the second and so on.

    Return the pairing codes by agent, the secrets of webhooks by desk, and the ids of desks by name.
    """
    agents, codes, secrets, desks = {}, {}, {}, []
    for desk in wanted['desks']:
        row = Desk(event=event, name=desk['name'])
        if desk.get('webhook'):
            secrets[desk['name']] = secret = new_secret()
            row.webhook = Webhook(event=event, name=f'{desk["name"]} (webhook)', url=desk['webhook'],
                                  secrets=[seal(secret)], send_badge=True)
        for position, (name, queue) in enumerate(desk.get('printers', ()), 1):
            if name not in agents:
                codes[name] = new_code()
                agents[name] = Agent(event=event, name=name, code_hash=digest(normalize_code(codes[name])),
                                     code_expires_dt=now_utc() + timedelta(minutes=15))
                db.session.add(agents[name])
            row.printers.append(DeskPrinter(position=position, agent=agents[name], printer=queue))
        db.session.add(row)
        desks.append(row)
    db.session.flush()
    for number, form in enumerate(forms):
        db.session.add(FormSetup(registration_form=form, enabled=wanted['enabled'], kind=BadgeKind[wanted['kind']],
                                 template=template, desk=desks[number % len(desks)] if desks else None))
    db.session.flush()
    return {'agents': codes, 'webhooks': secrets, 'desks': {desk.name: desk.id for desk in desks},
            'desk_of_form': {form.id: desks[number % len(desks)].name for number, form in enumerate(forms) if desks}}
