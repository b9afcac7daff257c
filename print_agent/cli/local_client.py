"""Talks to the running agent of this computer, for the command line: by its local page, with its token."""

from typing import Any, TypeVar

import httpx
import msgspec

from print_agent.config import Config
from print_agent.errors import Declined, NotRunning
from print_agent.spool.lock import is_locked
from print_agent.web import auth


#: Longest wait for the agent's answer, in seconds.
TIMEOUT = 15.0
Answer = TypeVar('Answer')


def is_running(config: Config) -> bool:
    """Whether an agent uses this spool now."""
    return is_locked(config.spool)


def ask(config: Config, kind: type[Answer], path: str, body: dict[str, Any] | None = None) -> Answer:
    """GET, or POST a body; return the decoded answer. Raises NotRunning, Declined, OSError or PairingError."""
    # The lock first: another program may listen by now at the address that a killed agent left behind.
    if not is_running(config):
        raise NotRunning('The print agent is not running. Start it with: print-agent run')
    address = auth.read(config.spool)
    if address is None:
        raise NotRunning('The print agent runs without its local page, so this command cannot reach it. Set enabled = '
                         'true in [page] of agent.toml and restart it.' if not config.page else
                         'The print agent is starting or stopping, or could not serve its local page. Try again; its '
                         'log says more.')
    headers = {'Authorization': f'Bearer {address.token}'}
    try:
        with httpx.Client(base_url=address.url, headers=headers, timeout=TIMEOUT, trust_env=False) as client:
            reply = client.get(path) if body is None else client.post(path, json=body)
    except httpx.HTTPError as exc:
        raise NotRunning(f'The print agent does not answer ({type(exc).__name__}). If that stays so, restart '
                         f'it.') from exc
    try:
        if reply.status_code != 200:
            raise Declined(str(msgspec.json.decode(reply.content)['message']))
        return msgspec.json.decode(reply.content, type=kind)
    except (msgspec.MsgspecError, KeyError, TypeError) as exc:
        raise NotRunning(f'What answers at {address.url} is not this print agent (HTTP {reply.status_code}). Restart '
                         f'the print agent.') from exc
