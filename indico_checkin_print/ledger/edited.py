"""Badges that somebody changes for one print: new jobs, which say what was changed."""

from indico_checkin_print.ledger.create import new_row, record
from indico_checkin_print.ledger.states import JobState as S
from indico_checkin_print.ledger.transition import UNASSIGNED, recall
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import Reason


#: Copies of one badge that somebody may ask for
MAX_COPIES = 5


def print_edited(registration, person, latest, *, state, reason, desk, facts, copies, user):
    """Print a badge with changes; what has no permission yet of the badges of the person is not printed.

    Each copy is a job of its own, as one permission is for one badge, and each has an outcome of its own. The caller
    has locked the registration. Return the ids.

    :param latest: The latest badge of the person, or ``None``.
    :param state: What it begins as, and the `reason` (`routing.admission.judge`).
    :param desk: The `DeskChoice`.
    :param facts: What is changed (`Job.facts`).
    """
    actor = f'user:{user.id}'
    # that may be several: one that waits in a batch, and another one since the check-in
    recall([Job.registration_id == registration.id, Job.person == person, Job.purpose == Job.PURPOSE_BADGE],
           S.canceled, Reason.replaced, actor, **UNASSIGNED)
    created = []
    for __ in range(copies):
        reprint_of = created[0] if created else latest.id if latest is not None else None
        row = new_row(Job.PURPOSE_BADGE, person=person, desk_id=desk.desk_id, state=state,
                      reason=reason if state == S.held else Reason.edited, reprint_of_id=reprint_of, detail=desk.detail,
                      facts=facts)
        created += record([row], event_id=registration.event_id, registration_id=registration.id,
                          checked_in_dt=registration.checked_in_dt, user_id=user.id, actor=actor)
    return created
