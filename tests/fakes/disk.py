"""A disk that has no room."""

from print_agent.errors import SpoolFull


class FullDisk:
    """Lets a spool's file refuse to write, as a disk does that has nothing left at all."""

    def __init__(self, spool, monkeypatch):
        self.full = True
        real = spool.file._execute

        def execute(statement, params):
            if self.full and not statement.lstrip().startswith(('SELECT', 'PRAGMA')):
                raise SpoolFull('no room at all')
            return real(statement, params)

        monkeypatch.setattr(spool.file, '_execute', execute)
