"""Keeping the spool small."""

import logging
import os
import time

from print_agent.spool.housekeeping import Housekeeping
from print_agent.spool.store import Spool


def test_an_old_file_that_cannot_be_deleted(tmp_path, caplog):
    """An old file that cannot be deleted does not end the housekeeping."""
    caplog.set_level(logging.DEBUG)
    spool = Spool(tmp_path / 'spool.sqlite3')
    stays = tmp_path / 'spool.sqlite3.corrupt-20200101T000000'
    stays.mkdir()  # as a folder it cannot be deleted by anybody, not even by root
    os.utime(stays, (0, time.time() - 30 * 86400))
    Housekeeping(spool, lambda: None).clean()
    assert stays.exists()
    assert 'stays' in caplog.text
    spool.close()
