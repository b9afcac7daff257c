"""One agent for one spool, and as many who look as like."""

import threading

import pytest

from print_agent.errors import AlreadyRunning
from print_agent.spool import lock as locking
from print_agent.spool.lock import is_locked, lock


def test_a_second_agent_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(locking, 'READER_TIMEOUT', 0.05)
    with lock(tmp_path / 'state'):
        assert is_locked(tmp_path / 'state')
        with pytest.raises(AlreadyRunning, match='Another print agent'), lock(tmp_path / 'state'):
            pass
    assert not is_locked(tmp_path / 'state')


def test_those_who_look_are_not_taken_for_an_agent(tmp_path, monkeypatch):
    """Neither by each other nor by an agent that starts at that moment."""
    assert not is_locked(tmp_path / 'nowhere')
    with lock(tmp_path):
        pass
    looking, may_resume, real = threading.Event(), threading.Event(), locking._try

    def slow(fd, kind):
        got = real(fd, kind)
        if threading.current_thread() is looker:
            looking.set()
            may_resume.wait(10)
        return got

    monkeypatch.setattr(locking, '_try', slow)
    monkeypatch.setattr(locking, 'READER_TIMEOUT', 30)
    looker = threading.Thread(target=is_locked, args=[tmp_path])
    looker.start()
    looking.wait(10)
    assert not is_locked(tmp_path)
    threading.Timer(0.1, may_resume.set).start()
    with lock(tmp_path):
        assert is_locked(tmp_path)
    looker.join()


def test_a_folder_that_cannot_be_used_has_a_sentence(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError, match='must be a folder of the user'), lock(tmp_path / 'file' / 'x'):
        pass
    with pytest.raises(OSError, match='must be a folder of the user'):
        is_locked(tmp_path / 'file' / 'x')
