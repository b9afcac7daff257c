"""Time stamps of jobs, for benchmarks."""

import json

from print_agent.runtime.trace import Trace


def test_steps_are_lines(tmp_path, monkeypatch):
    path = tmp_path / 'trace'
    monkeypatch.setenv('PRINT_AGENT_TRACE', str(path))
    for trace in (Trace(), Trace()):
        trace('j1', 2, 'spooled')
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line['job'], line['dispatch'], line['step']) for line in lines] == [('j1', 2, 'spooled')] * 2
    assert lines[0]['t'] <= lines[1]['t']
    assert path.stat().st_mode & 0o077 == 0


def test_nothing_is_written_without_a_file(tmp_path, monkeypatch):
    monkeypatch.delenv('PRINT_AGENT_TRACE', raising=False)
    monkeypatch.chdir(tmp_path)
    Trace()('j1', 1, 'spooled')
    assert list(tmp_path.iterdir()) == []
