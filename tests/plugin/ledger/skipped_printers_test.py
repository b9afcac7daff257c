"""The notes of a job about printers that did not print it."""

from indico_checkin_print.ledger.skipped_printers import add_note, has_returned, skip_note


STOPPED = skip_note(1, 'Laptop 1', 'p1', 'media-empty', returned=False)
RETURNED = skip_note(1, 'Laptop 1', 'p1', 'printer_frozen', returned=True)
OTHER = skip_note(2, 'Laptop 2', 'p1', 'agent_away', returned=False)


def test_one_note_for_each_printer_the_newest_last():
    assert add_note([STOPPED, OTHER], RETURNED) == [OTHER, RETURNED]


def test_who_returned_it():
    assert has_returned([OTHER, RETURNED], 1, 'p1')
    assert not has_returned([OTHER, RETURNED], 2, 'p1')
    assert not has_returned([STOPPED], 1, 'p1')
