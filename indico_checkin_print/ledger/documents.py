"""How PDFs come into the ledger, and which of them nobody needs any more."""

from indico.core.db import db

from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.prepared import Prepared
from indico_checkin_print.models.records import Document
from indico_checkin_print.sql import now


def store_document(pdf, registration_id, of_job=None):
    """Store a rendered PDF. Return its id.

    :param pdf: A `badge.render.BadgePDF`.
    :param registration_id: Whose badge it is, if it is anybody's.
    :param of_job: Conditions for the job that it is for, which is locked; if it does not meet them, nothing is stored.
    """
    table = Document.__table__
    values = {'registration_id': registration_id, 'kind': pdf.kind, 'content': pdf.content,
              'length': len(pdf.content), 'sha256': pdf.sha256, 'pages': pdf.pages, 'two_sided': pdf.two_sided,
              'width_mm': pdf.width_mm, 'height_mm': pdf.height_mm}
    row = db.select(*(db.literal(value, table.c[name].type) for name, value in values.items()), now())
    if of_job is not None:
        row = row.select_from(Job.__table__).where(*of_job).with_for_update(key_share=True)
    return db.session.execute(db.insert(table).from_select([*values, 'created_dt'], row).returning(table.c.id)).scalar()


def unneeded(done):
    """Return the condition for documents that are not prepared, and that no job prints any more.

    :param done: Conditions for jobs that need theirs no longer.
    """
    needed = db.session.query(Job.id).filter(Job.document_id == Document.id, ~db.and_(*done)).exists()
    return db.and_(~needed, ~db.session.query(Prepared).filter(Prepared.document_id == Document.id).exists())
