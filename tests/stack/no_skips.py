"""A pytest plugin (``-p tests.stack.no_skips``): a test that was skipped did not pass.

A suite whose database is missing would be green by skipping everything. The few reasons that are none of a missing
service stand here.
"""

import pytest


#: A skip is fine when its reason begins with one of these.
ALLOWED = (
    'UPDATE_PICTURES=1',  # makes the pictures of the docs: not a test of anything
)


class NoSkips:
    """Remembers what was skipped and fails the run for it."""

    def __init__(self):
        self.skipped = []

    def pytest_runtest_logreport(self, report):
        self._look(report)

    def pytest_collectreport(self, report):
        self._look(report)

    def _look(self, report):
        if not report.skipped or hasattr(report, 'wasxfail'):
            return
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not reason.removeprefix('Skipped: ').startswith(ALLOWED):
            self.skipped.append(f'{report.nodeid}: {reason}')

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self.skipped:
            terminalreporter.section('skipped, which counts as failed here', red=True)
            for line in self.skipped:
                terminalreporter.line(line)


def pytest_configure(config):
    config.pluginmanager.register(NoSkips(), 'no-skips')
