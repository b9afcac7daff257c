"""The agent's endpoints: pairing, and polling where no websocket gets through."""

from typing import Annotated

from flask import Response, request
from msgspec import Meta, Struct
from msgspec.structs import replace

from indico.core.config import config
from indico.core.db import db
from indico.core.plugins import url_for_plugin
from indico.modules.events import EventLogRealm
from indico.modules.logs import LogKind

from print_agent.protocol import messages as protocol
from print_agent.protocol.text import PLAIN

from indico_checkin_print import settings
from indico_checkin_print.agents import inbound, outbound, tech_calls
from indico_checkin_print.api.authentication import Authenticator
from indico_checkin_print.api.base import RHAgentBase, answer
from indico_checkin_print.api.pairing import redeem
from indico_checkin_print.credentials import new_token
from indico_checkin_print.errors import APIError, Replaced, Revoked
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.records import Document
from indico_checkin_print.sql import notify_agents


#: Polls of an idle agent, in seconds.
POLL_INTERVAL = 2.0

authenticator = Authenticator()


class PairRequest(Struct):
    """Body of a pairing."""

    code: Annotated[str, Meta(max_length=40, pattern=PLAIN)]
    software: protocol.Name = ''
    hostname: protocol.Name = ''


class RHPair(RHAgentBase):
    """Swap a one-time code for a token."""

    def _process(self):
        body = self.read(PairRequest)
        agent = redeem(Agent, body.code)
        token = new_token()
        agent.pair(token)
        agent.software = body.software
        # the computer with the old token is cut off
        agent.link = ''
        notify_agents([agent.id])
        agent.event.log(EventLogRealm.management, LogKind.positive, 'Check-in printing',
                        f'Print agent "{agent.name}" paired', data={'Computer': body.hostname})
        return answer({
            'token': token,
            'agent': {'id': agent.id, 'name': agent.name},
            'event': {'id': agent.event.id, 'title': agent.event.title},
            'stream': settings.relay_url(),
            'poll': url_for_plugin('checkin_print.poll', _external=True),
            'document': f'{config.BASE_URL}/api/plugin/checkin-print/document',
        })


class RHAgent(RHAgentBase):
    """Base of the endpoints of a paired agent."""

    def _check_access(self):
        scheme, __, token = request.headers.get('Authorization', '').partition(' ')
        self.agent_id = authenticator.find(token.strip(), request.remote_addr) if scheme.lower() == 'bearer' else None
        if self.agent_id is None:
            raise APIError(401, 'unknown_token', 'This agent is not paired (any more). Pair it again.')


class RHPoll(RHAgent):
    """One exchange: the agent says what it has to say, and hears what it would hear on a websocket."""

    def _process(self):
        poll = self.read(protocol.Poll)
        if poll.hello.protocol != protocol.PROTOCOL:
            raise APIError(400, 'version', f'This Indico speaks version {protocol.PROTOCOL} of the protocol.')
        link = poll.link or poll.hello.spool
        try:
            holding, welcome = inbound.hello(self.agent_id, link, poll.hello, resumed=not poll.begins)
            answers = [inbound.receive(self.agent_id, link, message) for message in poll.messages]
            for message in poll.messages:
                inbound.note(holding, message)
            db.session.flush()
            outgoing = outbound.outgoing(self.agent_id, link, holding)
        except Revoked as exc:
            raise APIError(401, 'revoked', exc.detail)
        except Replaced as exc:
            raise APIError(409, 'replaced', exc.detail)
        calls = [tech_calls.calls_for(self.agent_id)] if protocol.FEATURE_CALLS in poll.hello.features else []
        messages = [replace(welcome, heartbeat=POLL_INTERVAL * 10), *filter(None, answers), *outgoing, *calls]
        return answer(protocol.PollReply(messages=tuple(messages), next_in=POLL_INTERVAL))


class RHDocument(RHAgent):
    """The PDF of a job that the agent was given by a poll."""

    def _process(self):
        content = (db.session.query(Document.content)
                   .join(Job, Job.document_id == Document.id)
                   .filter(Job.uuid == str(request.view_args['job']), Job.agent_id == self.agent_id,
                           Job.dispatch == request.view_args['dispatch'])
                   .scalar())
        if content is None:
            raise APIError(404, 'not_found', 'This job is not with this agent (any more).')
        return Response(content, content_type='application/pdf', headers={'Cache-Control': 'no-store'})
