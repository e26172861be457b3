"""Functions that run with the owner's rights: closed search path, no handle for triggers, no table of persons."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_LOOSE = text("""
    SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'registry' AND p.prosecdef
      AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c ~ '^search_path=(registry|public|registry, public), pg_temp$')
""")
_HANDED_OUT = text("""
    SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'registry' AND p.prorettype = 'trigger'::regtype
      AND (has_function_privilege('registry_app', p.oid, 'EXECUTE') OR has_function_privilege('registry_reader', p.oid, 'EXECUTE'))
""")
_READABLE = text("""
    SELECT t.name FROM unnest(ARRAY['person', 'residence', 'hukou', 'registration', 'field_check', 'audit']) t (name)
    WHERE has_any_column_privilege('registry_app', 'registry.' || t.name, 'SELECT, INSERT, UPDATE')
""")


def test_whoever_runs_as_the_owner_has_a_closed_path(session: Session) -> None:
    assert session.execute(_LOOSE).scalars().all() == []


def test_no_trigger_function_is_handed_out(session: Session) -> None:
    assert session.execute(_HANDED_OUT).scalars().all() == []


def test_the_server_reads_no_table_of_persons(session: Session) -> None:
    assert session.execute(_READABLE).scalars().all() == []
