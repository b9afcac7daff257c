"""The name of a person as their badge shows it, for a screen."""

from indico.modules.events.registration.util import get_persons
from indico.util.placeholders import get_placeholders

from indico_checkin_print.badge.names import names_of


def printed_name(registration, template, person=''):
    """Return the name as a designer template writes it; empty if it shows none.

    :param person: The id of an accompanying person, of whom it is then.
    """
    items = sorted((item for item in template.data['items'] if names_of(item['type'])),
                   key=lambda item: (item['y'], item['x']))
    kinds = list(dict.fromkeys(item['type'] for item in items))
    # a full name stands for all; first and last names are items of their own
    kinds = [kind for kind in kinds if kind.startswith('full_name')][:1] or kinds
    persons = [x for x in get_persons([registration], bool(person))
               if (x['id'] if x['is_accompanying'] else '') == person]
    if not persons:
        return ''
    placeholders = get_placeholders('designer-fields')
    names = (placeholders[kind].render(persons[0]) for kind in kinds if kind in placeholders)
    return ' '.join(filter(None, (name.strip() for name in names)))
