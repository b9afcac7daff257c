"""What the agent calls itself when it speaks to Indico."""

from importlib.metadata import PackageNotFoundError, version


try:
    VERSION = version('indico-plugin-checkin-print')
except PackageNotFoundError:  # run from a source tree that was never installed
    VERSION = '0.1.0'

SOFTWARE = f'print-agent/{VERSION}'
