"""The notes of a job about printers that did not print it (`Job.passed_over`). Pure."""


def not_there(agent_id, agent, printer, reason, *, gave_back):
    """Return the note of a job that a printer did not print it; see `Job.passed_over`."""
    return {'agent_id': agent_id, 'agent': agent, 'printer': printer, 'reason': reason, 'gave_back': gave_back}


def add_note(passed_over, note):
    """Return a job's notes with one more; the newest word about a printer counts."""
    rest = [x for x in passed_over if (x['agent_id'], x['printer']) != (note['agent_id'], note['printer'])]
    return [*rest, note]


def gave_back(passed_over, agent_id, printer):
    """Tell whether a printer had permission to print a job and gave it back."""
    return any(x['gave_back'] for x in passed_over if (x['agent_id'], x['printer']) == (agent_id, printer))
