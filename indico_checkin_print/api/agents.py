"""The agent's endpoints: pairing, and polling where no websocket gets through."""

from functools import cache
from typing import Annotated

import redis.exceptions
from flask import Response, request
from msgspec import Meta, Struct
from msgspec.structs import replace

from indico.core.config import config
from indico.core.db import db
from indico.core.limiter import make_rate_limiter
from indico.core.plugins import url_for_plugin
from indico.modules.events import EventLogRealm
from indico.modules.logs import LogKind
from indico.util.date_time import now_utc

from print_agent.protocol import messages as protocol
from print_agent.protocol.text import PLAIN

from indico_checkin_print import settings
from indico_checkin_print.agents import inbound, outbound, tech_calls
from indico_checkin_print.api.base import RHAgentBase, answer
from indico_checkin_print.api.tokens import Tokens
from indico_checkin_print.credentials import digest, new_token, normalize_code
from indico_checkin_print.errors import APIError, Replaced, Revoked
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.records import Document
from indico_checkin_print.sql import notify_agents


#: Polls of an idle agent, in seconds.
POLL_INTERVAL = 2.0

tokens = Tokens()

#: Wrong pairing codes. Good ones count nowhere: all laptops of a conference may be behind one address.
wrong_codes_from_here = cache(lambda: make_rate_limiter('checkin-print-pair', '10 per 5 minutes'))
#: From all addresses together: somebody with a network of them must not guess faster for it.
wrong_codes_in_all = cache(lambda: make_rate_limiter('checkin-print-pair-all', '300 per 5 minutes', by_ip=False))


class PairRequest(Struct):
    """Body of a pairing."""

    code: Annotated[str, Meta(max_length=40, pattern=PLAIN)]
    software: protocol.Name = ''
    hostname: protocol.Name = ''


class RHPair(RHAgentBase):
    """Swap a one-time code for a token."""

    def _process(self):
        body = self.read(PairRequest)
        # before the code is looked at: after too many wrong ones a good one must reveal nothing either
        check_guesses(lambda limit: limit.test())
        # by its digest, so that the time of the comparison says nothing about a code
        agent = (Agent.query
                 .filter_by(code_hash=digest(normalize_code(body.code)))
                 .with_for_update()
                 .first())
        if agent is None or agent.code_expires_dt < now_utc() or agent.event.is_deleted:
            check_guesses(lambda limit: limit.hit())
            raise APIError(403, 'wrong_code', 'This pairing code is wrong, expired or used already. Make a new one on '
                                              'the page "Check-in printing" of the event.')
        token = new_token()
        agent.token_hash = digest(token)
        agent.code_hash = agent.code_expires_dt = agent.revoked_dt = None
        agent.paired_dt = now_utc()
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


def check_guesses(look):
    """Raise `APIError` if too many wrong codes came, from this address or in all.

    :param look: Asks a limit whether there is room, and counts if it is to.
    """
    try:
        allowed = [look(limit) for limit in (wrong_codes_from_here(), wrong_codes_in_all())]
    except redis.exceptions.RedisError:
        # without the counters anyone could guess for ever
        raise APIError(503, 'try_later', 'Pairing is not possible just now. Try again in a minute.')
    if not all(allowed):
        raise APIError(429, 'too_many_tries', 'Too many wrong pairing codes. Wait five minutes, then make a new code.')


class RHAgent(RHAgentBase):
    """Base of the endpoints of a paired agent."""

    def _check_access(self):
        scheme, __, token = request.headers.get('Authorization', '').partition(' ')
        self.agent_id = tokens.find(token.strip(), request.remote_addr) if scheme.lower() == 'bearer' else None
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
                   .join(Job, Job.id == Document.job_id)
                   .filter(Job.uuid == str(request.view_args['job']), Job.agent_id == self.agent_id,
                           Job.dispatch == request.view_args['dispatch'])
                   .scalar())
        if content is None:
            raise APIError(404, 'not_found', 'This job is not with this agent (any more).')
        return Response(content, content_type='application/pdf', headers={'Cache-Control': 'no-store'})
