"""A print agent as a tech would run it: a folder with its configuration, paired by the one-time code, a process."""

import json
import os
import subprocess
from pathlib import Path

from tests.stack.folder import subfolder
from tests.stack.process import Service, StartError, accepts, free_port


ROOT = Path(__file__).resolve().parents[2]
COMMAND = ROOT / '.venv' / 'agent' / 'bin' / 'print-agent'


class PrintAgent:
    """One agent, with the queues it prints on.

    :param name: What people call it, e.g. ``laptop1``.
    :param printing: The `Printing` whose CUPS it uses.
    :param queues: The names of its queues.
    :param secrets: For an agent that is reached by webhook: queue -> signing secret (``whsec_...``).
    :param mode: ``auto``, ``stream`` (websocket only) or ``poll``.
    """

    def __init__(self, name, folder, printing, queues, *, secrets=None, mode='auto'):
        self.name = name
        self.folder = subfolder(folder, f'agent-{name}', mode=0o700)
        self.port = free_port()
        self.trace = folder / f'agent-{name}.trace'
        self._conf = ''.join((f'mode = "{mode}"\n',
                              f'[cups]\nserver = "{printing.cups.server}"\nqueues = {json.dumps(list(queues))}\n',
                              '[spool]\npath = "spool"\n'))
        self.add_webhooks(secrets or {})
        self.env = {**printing.env, 'PRINT_AGENT_TRACE': str(self.trace), 'INDICO_CONFIG': None}
        self.service = Service(f'agent-{name}', [COMMAND, '--config', self.folder, 'run'], folder, env=self.env,
                               ready=self._is_up)

    def webhook_url(self, queue):
        """Return the URL that a webhook POSTs the badges of a queue to."""
        return f'http://127.0.0.1:{self.port}/print/{queue}'

    def add_webhooks(self, secrets):
        """Give it webhook endpoints: queue -> signing secret. Before its start."""
        self.webhooks = tuple(secrets)
        conf = self._conf
        if secrets:
            conf += f'[receiver]\nhost = "127.0.0.1"\nport = {self.port}\n'
        for queue, secret in secrets.items():
            path = self.folder / f'{queue}.secret'
            path.touch(mode=0o600)
            path.write_text(secret + '\n')
            conf += f'[[receiver.endpoint]]\nprinter = "{queue}"\nsecret_file = "{path.name}"\n'
        (self.folder / 'agent.toml').write_text(conf)

    def pair(self, url, code):
        """Pair it by the code that the event page showed."""
        done = subprocess.run([COMMAND, '--config', self.folder, 'pair', url, code], capture_output=True, text=True,
                              check=False, env={**os.environ, **{k: v for k, v in self.env.items() if v}})
        if done.returncode:
            raise StartError(f'{self.name} could not be paired: {done.stdout}{done.stderr}')

    def start(self):
        self.service.start()
        return self

    def stop(self):
        self.service.stop()

    def steps(self):
        """Return what it noted about every job: dicts with job, dispatch, step, t (seconds since 1970)."""
        return [json.loads(line) for line in self.trace.read_text().splitlines()] if self.trace.exists() else []

    def _is_up(self):
        """It has said hello and, where it has webhook endpoints, listens for them."""
        return b'print-agent ' in self.service.log.read_bytes() and (not self.webhooks or accepts(self.port))
