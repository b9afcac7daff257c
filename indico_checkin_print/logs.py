"""The plugin's logger. Logs hold no names: where something failed and what kind of failure it was, never its text."""

import traceback

from indico.core.logger import Logger


logger = Logger.get('plugin.checkin_print')


def log_failure(logger, exc, words, *args):
    """Log an exception: its stack and its type.

    Not its text: that of the database quotes the row that it did not like, and that of a template what is on the badge.

    :param words: What failed; `args` are filled in as `logging` does it.
    """
    stack = ''.join([*traceback.format_tb(exc.__traceback__), type(exc).__name__])
    logger.error('%s\n%s', words % args, stack)
