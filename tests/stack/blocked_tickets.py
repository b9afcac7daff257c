"""Runs Indico's command line beside a plugin that blocks tickets: ``python -m tests.stack.blocked_tickets IDS …``.

IDS are the numbers of the registrations whose tickets are blocked, separated by commas; what follows is for Indico.
"""

import sys

from indico.cli.core import cli
from indico.core import signals


def main():
    blocked = set(map(int, sys.argv[1].split(',')))

    def _is_blocked(registration, **kwargs):
        return registration.id in blocked

    with signals.event.is_ticket_blocked.connected_to(_is_blocked):
        cli(sys.argv[2:], prog_name='indico')


if __name__ == '__main__':
    main()
