"""The PDF of a certificate, without its signature: Indico's sandbox fills the template, WeasyPrint draws it.

The same input gives the same bytes. To be called in the context of the event and language (`badge.context.in_event`).
"""

from weasyprint import CSS, HTML
from weasyprint.urls import FatalURLFetchingError
from werkzeug.exceptions import UnprocessableEntity

from indico.modules.receipts.util import IndicoURLFetcher, compile_jinja_code

from indico_checkin_print import _
from indico_checkin_print.certificates.fonts import fonts
from indico_checkin_print.errors import CannotMake


#: Most bytes of a PDF: Indico sends no larger attachment than 10 MB, and e-mail adds a third
MAX_BYTES = 7_000_000
#: Most pages of a certificate
MAX_PAGES = 4


def draw(template, context, event, *, title, identifier=None, pdf_a=False):
    """Return a PDF as bytes.

    :param template: A `template.Template`.
    :param context: What `context.build_context` returned.
    :param title: The title of the document, for viewers.
    :param identifier: The UUID, by which a PDF is known even if somebody has changed it.
    :param pdf_a: Whether it is PDF/A-2b (ISO 19005-2).
    :raises CannotMake: says what is wrong with the template.
    """
    try:
        html = compile_jinja_code(template.html, context)
    except UnprocessableEntity as exc:
        # of Jinja, with the line and what it did not find
        raise CannotMake('template', str(exc.description)) from exc
    except Exception as exc:  # what people write may raise anything
        raise CannotMake('template', f'{type(exc).__name__}: {exc}') from exc
    document = _layout(html, template.css, event)
    if len(document.pages) > MAX_PAGES:
        raise CannotMake('too_large', _('The document template makes {count} pages; {limit} are allowed.')
                         .format(count=len(document.pages), limit=MAX_PAGES))
    document.metadata.title = title
    pdf = document.write_pdf(pdf_identifier=identifier and identifier.replace('-', '').encode(),
                             pdf_variant='pdf/a-2b' if pdf_a else None)
    if len(pdf) > MAX_BYTES:
        raise CannotMake('too_large', _('The PDF has {size} MB; {limit} are allowed. Use smaller images.')
                         .format(size=round(len(pdf) / 1e6, 1), limit=MAX_BYTES // 1_000_000))
    return pdf


class _Fetcher:
    """Indico's fetcher, made when something is fetched: it reads all authorities that the machine trusts (25 ms)."""

    #: What WeasyPrint asks its fetchers for: a certificate without its logo is not what somebody designed
    _fail_on_errors = True

    def __init__(self, event, **kwargs):
        self._make = lambda: IndicoURLFetcher(event, **kwargs)
        self._fetcher = None

    def __call__(self, url, headers=None):
        self._fetcher = self._fetcher or self._make()
        return self._fetcher.fetch(url, headers)


def _layout(html, css, event):
    config = fonts()
    try:
        sheet = CSS(string=css, url_fetcher=_Fetcher(event), font_config=config)
        return HTML(string=html, url_fetcher=_Fetcher(event, allow_event_images=True)).render(
            stylesheets=[sheet], font_config=config)
    except FatalURLFetchingError as exc:
        raise CannotMake('template', f'{exc}: {exc.__cause__}') from exc
    except (IndexError, ValueError, ArithmeticError, AttributeError, TypeError, KeyError) as exc:
        # WeasyPrint has no error of its own for CSS that it cannot lay out
        raise CannotMake('template', _('WeasyPrint cannot lay it out: {error}').format(error=repr(exc)[:200])) from exc
