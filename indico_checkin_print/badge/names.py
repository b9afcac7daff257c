"""Whether a badge shows the name of its person at all. Pure."""

import unicodedata

from indico_checkin_print.badge.text.literal import literal


_FULL = frozenset({'first_name', 'last_name'})
#: Which names an item of a designer template shows (``indico.modules.designer.placeholders``)
_SHOWN = {'first_name': frozenset({'first_name'}), 'last_name': frozenset({'last_name'}),
          'last_name_upper': frozenset({'last_name'})}


def is_nameless(items, first_name, last_name, edits=None):
    """Return whether a template that shows names would show none for a person.

    A template without any item for a name (a label with a QR code alone) is its designer's choice. A salutation is no
    name.

    :param items: The items of the template, front and back.
    :param edits: Texts that are printed in place of those of the person, by the kind of the item.
    """
    kinds = {item['type'] for item in items if names_of(item['type'])}
    names, edits = {'first_name': first_name, 'last_name': last_name}, edits or {}
    return bool(kinds) and all(is_blank(edits[kind]) if kind in edits else
                               all(is_blank(names[name]) for name in names_of(kind)) for kind in kinds)


def names_of(kind):
    """Return which names an item of this kind shows: none, ``first_name``, ``last_name`` or both."""
    return _FULL if kind.startswith('full_name') else _SHOWN.get(kind, frozenset())


def is_blank(text):
    """Return whether nothing of a text leaves ink: blanks, controls, and what is only there for its neighbours."""
    return all(unicodedata.category(char)[0] in 'ZC' for char in literal(text or ''))


def code_points(characters):
    """Return how characters are named where they may have no font either: ``U+1F600 U+1F601``."""
    return ' '.join(f'U+{ord(char):04X}' for char in characters)
