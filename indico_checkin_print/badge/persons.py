"""Which persons of a registration get a badge of their own."""


def persons_of(registration):
    """Return the ids of all persons of a registration who get a badge: the registrant is ``''``."""
    if not registration.registration_form.tickets_for_accompanying_persons:
        return ['']
    return ['', *(person['id'] for person in registration.accompanying_persons)]
