"""The notes of a job about printers that did not print it (`Job.skipped_printers`). Pure."""


def skip_note(agent_id, agent, printer, reason, *, returned):
    """Return the note of a job that a printer did not print it; see `Job.skipped_printers`."""
    return {'agent_id': agent_id, 'agent': agent, 'printer': printer, 'reason': reason, 'gave_back': returned}


def add_note(skipped_printers, note):
    """Return a job's notes with one more; the newest word about a printer counts."""
    rest = [x for x in skipped_printers if (x['agent_id'], x['printer']) != (note['agent_id'], note['printer'])]
    return [*rest, note]


def has_returned(skipped_printers, agent_id, printer):
    """Return whether a printer had permission to print a job and returned it."""
    return any(x['gave_back'] for x in skipped_printers if (x['agent_id'], x['printer']) == (agent_id, printer))
