"""Reading /proc while threads end."""

import os
import subprocess
import sys
import threading

from tests.stack import proc


def test_threads_that_end_meanwhile_are_no_error():
    over = threading.Event()

    def come_and_go():
        while not over.is_set():
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(300):
            proc.children(os.getpid())
            assert proc.count(os.getpid(), 'task') > 1
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_children_are_found():
    with subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE) as child:
        assert child.pid in proc.children(os.getpid())
        assert proc.count(child.pid, 'fd') >= 3
        assert proc.peak_memory(child.pid) > 0
        child.communicate(b'x')
    assert (proc.children(child.pid), proc.count(child.pid, 'fd'), proc.peak_memory(child.pid)) == ([], 0, 0)


def test_time_that_was_used():
    before = proc.cpu_seconds(os.getpid())
    while proc.cpu_seconds(os.getpid()) == before:
        pass
    with subprocess.Popen([sys.executable, '-c', '']) as child:
        child.wait()
    assert proc.cpu_seconds(child.pid) == 0
