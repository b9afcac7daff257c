"""Several documents of one person as one: a badge, what rules add to it, and copies of each.

All have pages of one size, because they come out of one printer one after the other. So they are one job, which is
printed once, reprinted as a whole and counted as one.
"""

from io import BytesIO

from pypdf import PdfReader, PdfWriter

from indico_checkin_print.badge.items import key_of_template
from indico_checkin_print.badge.losses import Loss, LossKind
from indico_checkin_print.badge.templates import PIXELS_MM


#: Sizes that differ by less are the same, in pixels of the designer: 0.2 mm
_SAME = 1


def of_one_size(parts):
    """Return a `losses.Loss` for each `Part` whose pages have not the size of the first one's, and the other parts."""
    left_out, kept, size = [], [], parts[0].choice.size
    for part in parts:
        if is_one_size(part.choice.size, size):
            kept.append(part)
        else:
            left_out.append(Loss(LossKind.part, key_of_template(part.choice.template.id),
                                 f'{_in_mm(part.choice.size)}/{_in_mm(size)}'))
    return left_out, kept


def is_one_size(one, other):
    """Return whether pages of two sizes, in pixels of the designer, come out as pages of one size."""
    return all(abs(a - b) <= _SAME for a, b in zip(one, other, strict=True))


def parts_in_facts(parts):
    """Return what is kept of parts on a job: what `TemplateChoice.facts` says of the first, copies, and the others."""
    badge, *added = parts
    facts = badge.choice.facts
    if badge.copies > 1:
        facts['copies'] = badge.copies
    if added:
        facts['added'] = [[part.choice.template.id, part.copies] for part in added]
    return facts


def join(parts, *, two_sided):
    """Return the PDF with the pages of some, in order.

    :param parts: (content of a PDF, how many copies of it) each
    :param two_sided: Whether each second page is the back of the one before: what has none gets an empty one.
    """
    writer = PdfWriter()
    for content, copies in parts:
        pages = PdfReader(BytesIO(content)).pages
        for __ in range(copies):
            for page in pages:
                writer.add_page(page)
            if two_sided and len(pages) % 2:
                writer.add_blank_page(pages[0].mediabox.width, pages[0].mediabox.height)
    # fonts and pictures that parts share are in the file once, see `label_sheet`
    writer.compress_identical_objects(remove_unreferenced=False)
    # the same badges make the same file
    writer.metadata = None
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def _in_mm(size):
    return ' × '.join(f'{side / PIXELS_MM:g}' for side in size)
