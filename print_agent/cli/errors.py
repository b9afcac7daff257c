"""What goes wrong on the command line: a sentence on stderr, and an exit code that a script can read."""

import contextlib
import sys
from collections.abc import Iterator

import click

from print_agent.agent import AgentFailed
from print_agent.cli.local_client import Declined, NotRunning
from print_agent.config import ConfigError
from print_agent.connection.pairing import PairingError
from print_agent.connection.proxy import NetworkError
from print_agent.printing.cups_client import CupsMissing
from print_agent.spool.lock import AlreadyRunning
from print_agent.spool.store import SpoolError


#: It did not work; another agent uses the spool; no agent runs. 2 is click's, for wrong usage.
EXIT_FAILED, EXIT_RUNNING, EXIT_NOT_RUNNING = 1, 3, 4


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """Turn what can go wrong into a sentence and an exit code."""
    try:
        yield
    except AlreadyRunning as exc:
        click.echo(str(exc), err=True)
        sys.exit(EXIT_RUNNING)
    except NotRunning as exc:
        click.echo(str(exc), err=True)
        sys.exit(EXIT_NOT_RUNNING)
    except (AgentFailed, ConfigError, PairingError, SpoolError, CupsMissing, NetworkError, Declined, OSError) as exc:
        click.echo(str(exc), err=True)
        sys.exit(EXIT_FAILED)
