"""The migration makes the tables of the models, and takes them away again."""

import importlib.util
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

import indico_checkin_print
from indico_checkin_print.models import SCHEMA


def migration():
    path, = (Path(indico_checkin_print.__file__).parent / 'migrations').glob('2*.py')
    spec = importlib.util.spec_from_file_location('migration', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tables(conn):
    """Return all columns, constraints, indexes and functions of the plugin's schema, as PostgreSQL writes them."""
    statements = (
        """SELECT table_name, column_name, udt_name, is_nullable, column_default
           FROM information_schema.columns WHERE table_schema = %s""",
        """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
           FROM pg_constraint WHERE connamespace = %s::regnamespace""",
        'SELECT indexdef FROM pg_indexes WHERE schemaname = %s',
        'SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = %s::regnamespace',
    )
    return [sorted(tuple(row) for row in conn.execute(statement, SCHEMA)) for statement in statements]


def test_migration_and_models_agree(db):
    conn = db.session.connection()
    by_models = tables(conn)
    conn.execute(f'DROP SCHEMA {SCHEMA} CASCADE')
    with Operations.context(MigrationContext.configure(conn, opts={'target_metadata': db.metadata})):
        migration().upgrade()
        for ours, theirs in zip(tables(conn), by_models, strict=True):
            assert ours == theirs
        migration().downgrade()
    assert not conn.execute('SELECT 1 FROM pg_namespace WHERE nspname = %s', SCHEMA).all()
    db.session.rollback()
