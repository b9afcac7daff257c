"""What the e-mail with a certificate says: blocks with placeholders and a little Markdown. Pure.

A placeholder is ``${name}``. What it stands for is literal: neither Markdown nor HTML in a name does anything.
"""

import re

from markupsafe import escape

from indico_checkin_print import _
from indico_checkin_print.errors import CannotSend


#: The blocks of the body, in order; ``cta_label`` stands on the button that leads to the PDF
BLOCKS = ('greeting', 'intro', 'download_intro', 'cta_label', 'post_cta', 'closing', 'signature', 'sign_off', 'footer')
#: What a placeholder may be called
PLACEHOLDERS = ('event_full_name', 'event_dates', 'first_name', 'full_name', 'serial', 'uuid', 'topic', 'masterclass',
                'talk_title', 'attended_how', 'download_url', 'validation_url')
#: Most characters of the subject and of one block
MAX_SUBJECT, MAX_BLOCK = 200, 5000
_PLACEHOLDER = re.compile(r'\$\{([^}\n]*)\}?')
#: ``**bold**``, ``*italic*``, ``[label](url)``; the URL may be that of a certificate
_BOLD, _ITALIC = re.compile(r'\*\*(?=\S)(.+?)(?<=\S)\*\*'), re.compile(r'\*(?=\S)(.+?)(?<=\S)\*')
_LINK = re.compile(r'\[([^\]\n]+)\]\(((?:https?://|mailto:)[^\s()]+|\$\{(?:download|validation)_url\})\)')


def defaults(*, validated=True):
    """Return the subject and the blocks of the product, in the language of the context.

    :param validated: Whether the public can check certificates of the type.
    """
    return str(_('Your certificate: ${event_full_name}')), {
        'greeting': str(_('Dear ${full_name},')),
        'intro': str(_('Your certificate for **${event_full_name}** (${event_dates}) is attached. Its number is '
                       '${serial}.')),
        'download_intro': str(_('You can also download it.')),
        'cta_label': str(_('Download the certificate')),
        'post_cta': str(_('Anybody can check here that it is genuine: '
                          '[${validation_url}](${validation_url})')) if validated else '',
        'closing': str(_('If your name is not spelled as it should be, please write to the organizers.')),
        'signature': str(_('Kind regards')),
        'sign_off': '${event_full_name}',
        'footer': '',
    }


def merged(type_):
    """Return the subject and the blocks of a type: its own, else those of the product. An empty block shows nothing."""
    subject, blocks = defaults(validated=type_.validated)
    return type_.subject or subject, blocks | {name: text for name, text in type_.body.items() if name in BLOCKS}


def check(subject, body):
    """Check a subject and blocks before they are stored, and once more before they are sent.

    :raises CannotSend: with a sentence that says what is wrong.
    """
    if len(subject) > MAX_SUBJECT or not subject.isprintable():
        raise CannotSend(_('The subject may have at most {max} characters, in one line.').format(max=MAX_SUBJECT))
    for name, text in body.items():
        if name not in BLOCKS:
            raise CannotSend(_('There is no block “{name}”. There is: {names}.').format(name=name,
                                                                                      names=', '.join(BLOCKS)))
        if len(text) > MAX_BLOCK or not all(c.isprintable() or c in '\n\t' for c in text):
            raise CannotSend(_('The block “{name}” may have at most {max} characters, none of which controls '
                               'anything.').format(name=name, max=MAX_BLOCK))
    for text in (subject, *body.values()):
        for found in _PLACEHOLDER.finditer(text):
            if found[1] not in PLACEHOLDERS or not found[0].endswith('}'):
                known = ', '.join(f'${{{name}}}' for name in PLACEHOLDERS)
                raise CannotSend(_('There is no placeholder “{name}”. There is: {names}.').format(name=found[0],
                                                                                                names=known))


def line(text, values):
    """Return a subject with its values, in one line."""
    return ' '.join(_fill(text, values).split())


def plain(text, values):
    """Return a block as text: without Markdown, a link as ``label (url)``."""
    text = _LINK.sub(lambda m: m[2] if m[1] == m[2] else f'{m[1]} ({m[2]})', text.strip())
    return _fill(_ITALIC.sub(r'\1', _BOLD.sub(r'\1', text)), values)


def html(text, values):
    """Return a block as the HTML of paragraphs; all that is not Markdown is literal."""
    filled = {name: str(escape(value)) for name, value in values.items()}
    return [_fill(_marked(str(escape(paragraph.strip()))).replace('\n', '<br>'), filled)
            for paragraph in re.split(r'\n\s*\n', text.strip()) if paragraph.strip()]


def _marked(text):
    """Return a paragraph that has been escaped with its Markdown as HTML; nothing inside a link's URL is Markdown."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        parts += [_stressed(text[end:found.start()]), f'<a href="{found[2]}">{_stressed(found[1])}</a>']
        end = found.end()
    return ''.join([*parts, _stressed(text[end:])])


def _stressed(text):
    return _ITALIC.sub(r'<em>\1</em>', _BOLD.sub(r'<strong>\1</strong>', text))


def _fill(text, values):
    return _PLACEHOLDER.sub(lambda m: values[m[1]], text)
