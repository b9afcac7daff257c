"""The document template of a type: Indico's, that somebody made, or the product's own. What it asks for must exist."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from indico.modules.receipts.models.templates import ReceiptTemplate

from indico_checkin_print import _
from indico_checkin_print.errors import CannotMake


#: Most characters of the HTML or the CSS of a template
MAX_LENGTH = 200_000
#: What Indico gives to every template, besides the context
_GLOBALS = {'now_utc', 'format_interval', 'range', 'dict', 'lipsum', 'cycler', 'joiner', 'namespace'}
#: What these have differs from person to person
_OPEN = {'registration.field_data', 'registration.transaction', 'event.category_chain'}
_FILTERS = {'format_date', 'format_datetime', 'format_time', 'format_currency', 'format_placeholders'}


@dataclass(frozen=True)
class Template:
    """What is drawn: HTML with placeholders, CSS, and the values of the template's own fields."""

    title: str
    html: str
    css: str
    values: dict


def template_of(type_):
    """Return the `Template` of a `CertificateType`.

    :raises CannotMake: if its document template was deleted.
    """
    template = type_.template
    if template is not None and template.is_deleted:
        raise CannotMake('template', _('The document template “{title}” was deleted. Choose another one.')
                         .format(title=template.title))
    return filled(template or default_template(), type_.template_values)


def filled(template, values):
    """Return a `ReceiptTemplate` as a `Template`.

    :param values: The values of its own fields by their names; a field that lacks one has its default.
    """
    return Template(template.title, template.html, template.css,
                    {field['name']: values.get(field['name'], default_of(field)) for field in template.custom_fields})


def default_template():
    """Return the product's own template as a `ReceiptTemplate`, stored nowhere; to copy it, add it to an event."""
    return ReceiptTemplate(title=str(_('Certificate')), default_filename='certificate', **_default_files())


@lru_cache(maxsize=1)
def _default_files():
    folder = Path(__file__).parent / 'default'
    return {'html': (folder / 'template.html').read_text(), 'css': (folder / 'theme.css').read_text(),
            'yaml': (folder / 'metadata.yaml').read_text()}


def default_of(field):
    """Return what a template's own field has if nobody says anything else."""
    attributes = field['attributes']
    if field['type'] == 'dropdown' and 'default' in attributes:
        return attributes['options'][attributes['default']]
    return attributes.get('value', False if field['type'] == 'checkbox' else '')


def check_template(template, context):
    """Check that all that a `Template` asks for exists, in the branches that are not taken as well.

    :param context: A context as `context.build_context` returns it.
    :raises CannotMake: names each unknown placeholder, or says what is wrong.
    """
    if max(len(template.html), len(template.css)) > MAX_LENGTH:
        raise CannotMake('template', _('The document template is too long.'))
    try:
        unknown = unknown_placeholders(template.html, context)
    except TemplateSyntaxError as exc:
        raise CannotMake('template', _('Line {line} of the document template: {message}')
                         .format(line=exc.lineno, message=exc.message)) from exc
    if unknown:
        raise CannotMake('template', _('The document template asks for what does not exist: {names}')
                         .format(names=', '.join(sorted(unknown))))


def unknown_placeholders(html, context):
    """Return the names, such as ``certificate.nmae``, that a template asks for and that a context does not have.

    :raises TemplateSyntaxError: if it cannot be read.
    """
    env = SandboxedEnvironment(autoescape=True)
    env.filters.update(dict.fromkeys(_FILTERS, str))
    tree = env.parse(html)
    # what is set in a branch only is declared as well
    declared = {node.name for node in tree.find_all(nodes.Name) if node.ctx != 'load'}
    unknown = meta.find_undeclared_variables(tree) - declared - context.keys() - _GLOBALS
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        path = _path(node)
        if path and path[0] in context and not _has(context, path):
            unknown.add('.'.join(path))
    return unknown


def _path(node):
    """Return a chain such as ``event.title`` as a list of names; nothing if something in it is computed."""
    if isinstance(node, nodes.Name):
        return [node.name]
    if isinstance(node, nodes.Getattr):
        key = node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        key = node.arg.value
    else:
        return None
    before = _path(node.node)
    return before and [*before, key]


def _has(context, path):
    value = context
    for number, key in enumerate(path):
        if '.'.join(path[:number]) in _OPEN:
            return True
        if not isinstance(value, dict):
            # of a plain value, such as the day of a moment
            return hasattr(value, key)
        if key not in value:
            # a method of a dict
            return not key.startswith('_') and hasattr(dict, key)
        value = value[key]
    return True
