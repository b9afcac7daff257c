"""What a webhook may be told about a registration, field by field. Never the secret of its ticket."""

from indico_checkin_print import _


#: key -> what a manager reads, and how the value is read
FIELDS = {
    'friendly_id': (_('Registration number'), lambda reg: reg.friendly_id),
    'first_name': (_('First name'), lambda reg: reg.first_name),
    'last_name': (_('Family name'), lambda reg: reg.last_name),
    'full_name': (_('Full name'), lambda reg: reg.full_name),
    'email': (_('E-mail'), lambda reg: reg.email),
    'affiliation': (_('Affiliation'), lambda reg: reg.get_personal_data().get('affiliation') or ''),
    'tags': (_('Tags'), lambda reg: sorted(tag.title for tag in reg.tags)),
}


def registration_data(job, fields):
    """Return the data of a job's registration: its ids and the time of the check-in, and the chosen fields.

    :param fields: Keys of `FIELDS`; one that no longer exists is left out.
    """
    registration = job.registration
    return {
        'id': registration.id,
        'form': {'id': registration.registration_form_id, 'title': registration.registration_form.title},
        'checked_in_dt': job.checked_in_dt.isoformat() if job.checked_in_dt else None,
        **{key: FIELDS[key][1](registration) for key in fields if key in FIELDS},
    }
