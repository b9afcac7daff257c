"""Every SQL statement of the spool, by name. Values are always bound, never formatted in."""

#: Version of the schema below, kept in ``PRAGMA user_version``.
SCHEMA_VERSION = 5

#: Durable (FULL syncs the WAL on every commit) and forgetful (deleted badges are overwritten with zeros).
PRAGMAS = ('PRAGMA journal_mode = WAL', 'PRAGMA synchronous = FULL', 'PRAGMA secure_delete = ON',
           'PRAGMA foreign_keys = ON')

#: For what the local page reads several times a second.
_PAGE_INDEXES = (
    "CREATE INDEX jobs_live ON jobs (printer, seq) WHERE state IN ('waiting', 'go', 'submitting', 'printing')",
    "CREATE INDEX jobs_unknown ON jobs (seq) WHERE state = 'unknown'",
    "CREATE INDEX jobs_kept ON jobs (ended) WHERE document IS NOT NULL OR name <> ''",
)

SCHEMA = ("""
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT""", """
CREATE TABLE jobs (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    source    TEXT NOT NULL,
    job       TEXT NOT NULL,
    dispatch  INTEGER NOT NULL,
    printer   TEXT NOT NULL,
    title     TEXT NOT NULL,
    kind      TEXT NOT NULL,
    copies    INTEGER NOT NULL,
    width_mm  REAL NOT NULL,
    height_mm REAL NOT NULL,
    state     TEXT NOT NULL,
    tag       TEXT NOT NULL DEFAULT '',
    handle    TEXT NOT NULL DEFAULT '',
    reason    TEXT NOT NULL DEFAULT '',
    detail    TEXT NOT NULL DEFAULT '',
    received  REAL NOT NULL,
    expires   REAL NOT NULL,
    ended     REAL,
    acked     INTEGER NOT NULL DEFAULT 0,
    settled   INTEGER NOT NULL DEFAULT 1,
    callback  TEXT NOT NULL DEFAULT '',
    document  BLOB,
    name      TEXT NOT NULL DEFAULT '',
    origin    TEXT NOT NULL DEFAULT '',
    pages     INTEGER NOT NULL DEFAULT 1,
    calibration TEXT NOT NULL DEFAULT '',
    two_sided INTEGER NOT NULL DEFAULT 0,
    UNIQUE (source, job)
) STRICT""", """
CREATE INDEX jobs_open ON jobs (printer, state, seq) WHERE acked = 0
""", *_PAGE_INDEXES, f'PRAGMA user_version = {SCHEMA_VERSION}')

#: What takes a file from the version before to this one.
MIGRATIONS: dict[int, tuple[str, ...]] = {
    2: ("ALTER TABLE jobs ADD COLUMN name TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE jobs ADD COLUMN origin TEXT NOT NULL DEFAULT ''", *_PAGE_INDEXES),
    3: ('ALTER TABLE jobs ADD COLUMN pages INTEGER NOT NULL DEFAULT 1',),
    4: ("ALTER TABLE jobs ADD COLUMN calibration TEXT NOT NULL DEFAULT ''",),
    5: ('ALTER TABLE jobs ADD COLUMN two_sided INTEGER NOT NULL DEFAULT 0',
        # as badges of two pages were printed until now
        "UPDATE jobs SET two_sided = 1 WHERE kind = 'badge' AND pages = 2"),
}

_COLUMNS = ('seq, source, job, dispatch, printer, title, kind, copies, width_mm, height_mm, state, tag, handle, '
            'reason, detail, received, expires, acked, settled AS gone, callback, name, origin, pages, calibration, '
            'two_sided, '
            'ended, document IS NOT NULL AS kept')

GET_META = 'SELECT value FROM meta WHERE key = :key'
SET_META = 'INSERT OR REPLACE INTO meta (key, value) VALUES (:key, :value)'

#: One job of one sender.
FIND = f'SELECT {_COLUMNS} FROM jobs WHERE source = :source AND job = :job'  # noqa: S608
BY_SEQ = f'SELECT {_COLUMNS} FROM jobs WHERE seq = :seq'  # noqa: S608
#: A job that comes back after it ended here gives up its old place in the line.
FORGET = 'DELETE FROM jobs WHERE source = :source AND job = :job'
INSERT = """
INSERT INTO jobs (source, job, dispatch, printer, title, kind, copies, width_mm, height_mm, state, reason, detail,
                  received, expires, ended, callback, document, acked, name, origin, pages,
                  calibration, two_sided)
VALUES (:source, :job, :dispatch, :printer, :title, :kind, :copies, :width_mm, :height_mm, :state, :reason, :detail,
        :received, :expires, :ended, :callback, :document, :acked, :name, :origin, :pages,
        :calibration, :two_sided)
"""
#: The same job under a newer dispatch, before it was near a printer: it keeps its place in the line.
UPDATE = """
UPDATE jobs SET dispatch = :dispatch, printer = :printer, title = :title, kind = :kind, copies = :copies,
       width_mm = :width_mm, height_mm = :height_mm, state = :state, expires = :expires, callback = :callback,
       document = :document, name = :name, pages = :pages, calibration = :calibration,
       two_sided = :two_sided
 WHERE seq = :seq AND state IN ('waiting', 'go')
"""
RENUMBER = 'UPDATE jobs SET dispatch = :dispatch, acked = 0 WHERE seq = :seq'
GRANT = "UPDATE jobs SET state = 'go' WHERE seq = :seq AND state = 'waiting'"
#: The intent to hand the job over, written before anything is handed over.
BEGIN_SUBMIT = "UPDATE jobs SET state = 'submitting', tag = :tag, settled = 0 WHERE seq = :seq AND state = 'go'"
#: The print system certainly did not take it: it may be tried again within its deadline.
UNDO_SUBMIT = """
UPDATE jobs SET state = 'go', tag = '', handle = '', settled = 1 WHERE seq = :seq AND state = 'submitting'
"""
PRINTING = "UPDATE jobs SET state = 'printing', handle = :handle WHERE seq = :seq AND state = 'submitting'"
#: Why the agent is about to have the job cancelled in the print system.
NOTE_CANCEL = "UPDATE jobs SET reason = :reason WHERE seq = :seq AND state = 'printing'"
#: The end, if the job is still in the state that the caller believes; the document goes with it, unless it is kept.
END = """
UPDATE jobs SET state = :state, reason = :reason, detail = :detail, ended = :ended, acked = :acked,
       document = CASE WHEN :keep_document THEN document END, name = CASE WHEN :keep_name THEN name ELSE '' END
 WHERE seq = :seq AND state = :expected
"""
NOTE_GONE = 'UPDATE jobs SET settled = 1 WHERE seq = :seq'
ACK = 'UPDATE jobs SET acked = 1 WHERE seq = :seq'

#: The next job that may be printed, in order of arrival.
NEXT = f"SELECT {_COLUMNS} FROM jobs WHERE printer = :printer AND state = 'go' ORDER BY seq LIMIT 1"  # noqa: S608
#: What an earlier run left at a printer, or left for the print system to forget.
LEFT_AT_PRINTER = f"""
SELECT {_COLUMNS} FROM jobs
 WHERE printer = :printer AND (state IN ('submitting', 'printing') OR settled = 0) ORDER BY seq
"""  # noqa: S608
#: SQLite would rather read all jobs in the order of seq, which takes ten times as long when there are thousands.
OPEN = f"""
SELECT {_COLUMNS} FROM jobs INDEXED BY jobs_live
 WHERE state IN ('waiting', 'go', 'submitting', 'printing') ORDER BY seq
"""  # noqa: S608
#: What the server still has to hear about, or may ask about.
UNACKED = f'SELECT {_COLUMNS} FROM jobs WHERE source = :source AND acked = 0 ORDER BY seq'  # noqa: S608
#: Ends that wait to be reported to a callback, of all sources.
CALLBACKS = f"SELECT {_COLUMNS} FROM jobs WHERE acked = 0 AND callback <> '' ORDER BY seq"  # noqa: S608
#: What nobody knows about: a person may have looked.
UNKNOWN = f"""
SELECT {_COLUMNS} FROM jobs WHERE state = 'unknown' AND ended > :after ORDER BY seq
"""  # noqa: S608
#: Jobs whose id begins like this, of all sources.
BEGINS = f"""
SELECT {_COLUMNS} FROM jobs WHERE substr(job, 1, length(:beginning)) = :beginning ORDER BY seq DESC LIMIT :limit
"""  # noqa: S608
#: How large the last badge was that Indico had for a printer.
LAST_SIZE = """
SELECT width_mm, height_mm FROM jobs WHERE printer = :printer AND source <> :local ORDER BY seq DESC LIMIT 1
"""
#: The badge that came out last, as far as is known; none that was returned.
LAST_PRINTED = f"""
SELECT {_COLUMNS} FROM jobs WHERE kind <> 'test' AND state IN ('completed', 'sent', 'failed', 'unknown')
 ORDER BY ended DESC, seq DESC LIMIT 1
"""  # noqa: S608
RECENT = f'SELECT {_COLUMNS} FROM jobs ORDER BY seq DESC LIMIT :limit'  # noqa: S608
DOCUMENT = 'SELECT document FROM jobs WHERE seq = :seq'
DEPTHS = """
SELECT printer, count(*) FROM jobs WHERE state IN ('waiting', 'go', 'submitting', 'printing') GROUP BY printer
"""
WAITING_BYTES = """
SELECT coalesce(sum(length(document)), 0) FROM jobs WHERE state IN ('waiting', 'go', 'submitting', 'printing')
"""
PRINTERS = """
SELECT DISTINCT printer FROM jobs WHERE state IN ('waiting', 'go', 'submitting', 'printing') OR settled = 0
"""
#: Badges and names that were kept for a second print, and are too old for that now.
FORGET_KEPT = """
UPDATE jobs SET document = NULL, name = ''
 WHERE (document IS NOT NULL OR name <> '') AND ended < :before
"""
#: The oldest badges that were kept, if all together have more than so many bytes.
FORGET_MORE = """
UPDATE jobs SET document = NULL WHERE seq IN (
    SELECT seq FROM (SELECT seq, sum(length(document)) OVER (ORDER BY ended DESC, seq DESC) AS total FROM jobs
                      WHERE document IS NOT NULL AND ended IS NOT NULL) WHERE total > :bytes)
"""
#: Entries that remain only so that a late copy of a message is recognised.
PURGE = 'DELETE FROM jobs WHERE acked = 1 AND settled = 1 AND ended < :before'
