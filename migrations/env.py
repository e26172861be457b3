"""Run the migrations; after them re-create functions, triggers, policies and grants, and add derived rows."""

from pathlib import Path

from alembic import context
from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.engine import make_url

FUNCTIONS = Path(__file__).parents[1] / "geo_registry" / "sql"
# Objects that PostGIS or the partitions own, and that no migration describes.
FOREIGN = ("spatial_ref_sys",)


def _url() -> str:
    url = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    if url is None:
        from geo_registry import cluster

        url = cluster.urls().owner
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:  # noqa: FBT001
    return not (kind == "table" and (name in FOREIGN or "_part_" in (name or "")))


# What a function answers, and what its arguments are called, cannot be replaced. The migrations' own
# functions stay, and those that triggers, policies, indexes or constraints rest on; of the others none is
# left that only an older version had.
DROP_FUNCTIONS = """
DO $$
DECLARE
  own regprocedure;
BEGIN
  FOR own IN
    SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'registry'::regnamespace
      AND p.proname NOT IN ('new_id', 'new_code', 'jurisdiction_box', 'keep_jurisdiction', 'is_sound')
      AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid)
  LOOP
    EXECUTE 'DROP ROUTINE ' || own;
  END LOOP;
END $$
"""


def _apply_functions(connection: Connection) -> None:
    connection.exec_driver_sql(DROP_FUNCTIONS)
    for file in sorted(FUNCTIONS.glob("*.sql")):
        connection.exec_driver_sql(file.read_text(encoding="utf-8").replace("%", "%%"))


def _refresh(connection: Connection) -> None:
    """Add what follows from the rows that are there and what older versions did not keep."""
    from geo_registry.account.sessions import keep_door_key
    from geo_registry.housing.sounds import add_sounds

    add_sounds(connection)
    keep_door_key(connection)


def _run(connection: Connection) -> None:
    from geo_registry import tables

    # Types that SQLAlchemy does not know by name when it reads the catalogue.
    ischema_names["xid8"] = tables.access.TransactionId
    ischema_names["pg_lsn"] = tables.access.LogPosition
    context.configure(
        connection=connection,
        target_metadata=tables.metadata,
        include_schemas=True,
        include_name=lambda name, kind, _parents: kind != "schema" or name == "registry",
        include_object=_is_ours,
        version_table="migration",
        version_table_schema="public",
    )
    with context.begin_transaction():
        context.run_migrations()
        # The functions are those of the newest schema: on an older one they would name tables it lacks.
        is_newest = context.get_context().get_current_revision() == context.get_head_revision()
        if is_newest and not context.is_offline_mode():
            _apply_functions(connection)
            _refresh(connection)


if (existing := context.config.attributes.get("connection")) is not None:
    _run(existing)
else:
    engine = create_engine(_url())
    with engine.connect() as connection:
        _run(connection)
    engine.dispose()
