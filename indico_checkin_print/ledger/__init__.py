"""The states of a job. Every change of a job's state in the whole product is made by a function of this package.

The ledger in PostgreSQL is the truth; Celery, NOTIFY and the relay's memory only wake somebody up. Each function works
in the caller's transaction and each change writes one row of history. The clock is the database's.
"""

from indico_checkin_print.ledger.agents import (UNREPORTED, assign, drop_or_redraw, grant, report, skip_printer,
                                                spool_lost, unassign, unassign_waiting)
from indico_checkin_print.ledger.batches import cancel_batch, create_batch, feed_batches, pause_batch
from indico_checkin_print.ledger.cancellation import (cancel, cancel_check_in, cancel_event, cancel_form,
                                                      cancel_registration)
from indico_checkin_print.ledger.claims import (Claim, claim_post, claim_render, delivered, doubt, due_at_once,
                                                fail_render, hold_claimed, is_any_queued, rendered, undelivered,
                                                use_prepared)
from indico_checkin_print.ledger.corrections import follow_state, redraw, restamp, undo_unsignaled
from indico_checkin_print.ledger.create import (check_in_row, enter, new_row, record, reprint,
                                                request_calibration_sheet, request_event_test, request_test, resend)
from indico_checkin_print.ledger.desks import desk_for_form
from indico_checkin_print.ledger.edited import print_edited
from indico_checkin_print.ledger.holds import (hand_out, hold_bulk, hold_paused, release, release_paid, release_paused,
                                               retry_canceled)
from indico_checkin_print.ledger.manual import discard, discard_held, resolve, retry
from indico_checkin_print.ledger.news import announce_changed
from indico_checkin_print.ledger.prepared import forget_prepared
from indico_checkin_print.ledger.sweep import sweep
from indico_checkin_print.ledger.transition import move
