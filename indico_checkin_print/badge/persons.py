"""Which persons of a registration get a badge of their own, and what they are called."""


def persons_of(registration):
    """Return the ids of all persons of a registration who get a badge: the registrant is ``''``."""
    if not registration.registration_form.tickets_for_accompanying_persons:
        return ['']
    return ['', *(person['id'] for person in registration.accompanying_persons)]


def name_of(registration, person=''):
    """Return the name of a registrant, or of the person with this id who comes along."""
    for companion in registration.accompanying_persons if person else ():
        if companion['id'] == person:
            return '{firstName} {lastName}'.format(**companion).strip()
    return registration.full_name
