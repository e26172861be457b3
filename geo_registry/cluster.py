"""Embedded PostGIS: a private cluster of the installation, started and stopped with it.

It lies under ``home/pg``, listens on 127.0.0.1 and a socket of its own, asks for a password everywhere, and
never touches another cluster of the machine. Where ``GEO_REGISTRY_DATABASE_URL`` names an existing server,
nothing is started or stopped here.
"""

import contextlib
import fcntl
import os
import secrets
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from geo_registry import postgres
from geo_registry.postgres import TIMEZONE, ClusterError
from geo_registry.server import base_of, clear_leftovers, ended, initialise, launch, place_of, socket_folder
from geo_registry.settings import ROOT, SecretError, Settings, make_secrets, secret, settings, write_secret

DATABASE = "geo_registry"
SUPERUSER, OWNER, APP, READER = "registry_superuser", "registry_owner", "registry_app", "registry_reader"
PUBLIC = "registry_public"
SIGNING_IN = (OWNER, APP, PUBLIC)
EXTENSIONS = ("postgis", "pg_trgm", "btree_gist")
SECONDS_TO_START, SECONDS_TO_STOP = 600, 120
# What a server says, or does, while it starts, recovers or stops.
PASSING = ("the database system", "refused", "closed the connection", "reset by peer")


@dataclass(frozen=True, slots=True)
class Urls:
    """Addresses of one database, for SQLAlchemy and psycopg alike."""

    owner: str
    app: str
    public: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the cluster; ``size_bytes`` is that of all its databases."""

    running: bool
    managed_elsewhere: bool = False
    version: str | None = None
    postgis: str | None = None
    port: int | None = None
    socket: Path | None = None
    data: Path | None = None
    pid: int | None = None
    size_bytes: int | None = None


def start(config: Settings | None = None, *, options: Mapping[str, str] | None = None) -> Urls:
    """Start the embedded PostGIS, made on first use; answer at once when it runs already.

    Args:
        config: the installation; by default that of the environment.
        options: server settings that override the computed ones; they hold until the next start.

    Raises:
        ClusterError: PostGIS is missing, or the server does not come up.
    """
    config = config or settings()
    make_all_secrets(config)
    if config.database_url or _answers(config):
        return urls(config)
    with _lock(config):
        if not _answers(config):
            place = place_of(config.home)
            if postgres.postmaster(place.data) is None:
                clear_leftovers(place)
                initialise(place, SUPERUSER, _password(config, SUPERUSER))
                launch(place, options or {}, SECONDS_TO_START)
            with _connect(config, superuser_url(config)) as connection:
                ensure_roles(connection, {role: _password(config, role) for role in SIGNING_IN})
            create_database(config, DATABASE)
    return urls(config)


def stop(config: Settings | None = None) -> bool:
    """Stop the embedded PostGIS; sessions are ended, commits are kept. False when it was not running."""
    config = config or settings()
    if config.database_url or not (config.home / "pg").exists():
        return False
    with _lock(config):
        data = base_of(config.home) / "data"
        pid = postgres.postmaster(data)
        if pid is None:
            return False
        os.kill(pid, signal.SIGINT)  # "fast": what pg_ctl stop sends
        if not ended(data, SECONDS_TO_STOP):
            raise ClusterError(f"PostgreSQL (process {pid}) did not stop within {SECONDS_TO_STOP} s")
    return True


def status(config: Settings | None = None) -> Status:
    """Tell what the cluster is and whether it answers."""
    config = config or settings()
    query = """SELECT current_setting('server_version'), (SELECT sum(pg_database_size(oid)) FROM pg_database
               WHERE has_database_privilege(oid, 'CONNECT')),
               (SELECT extversion FROM pg_extension WHERE extname = 'postgis')"""
    where = _where(config)
    try:
        address = urls(config).owner if config.database_url else superuser_url(config)
        with psycopg.connect(address, connect_timeout=5) as connection:
            version, size, postgis = connection.execute(query).fetchone() or (None, None, None)
    except (psycopg.OperationalError, ClusterError, SecretError):
        return Status(running=False, **where)
    return Status(running=True, version=version, postgis=postgis, size_bytes=int(size or 0), **where)


def urls(config: Settings | None = None) -> Urls:
    """Tell the addresses of the database without starting it.

    Raises:
        ClusterError: the embedded cluster was never started.
    """
    config = config or settings()
    if config.database_url:
        url = config.database_url
        owner = url if "@" in urlsplit(url).netloc else _signed_in(config, url, OWNER)
        public = config.public_database_url or _signed_in(config, url, PUBLIC)
        return Urls(owner, config.app_database_url or _signed_in(config, url, APP), public)
    return _urls(config, DATABASE)


def superuser_url(config: Settings | None = None, database: str = "postgres") -> str:
    """Tell the address of one database of the embedded cluster, for back-ups and set-up only."""
    return _url(config or settings(), SUPERUSER, database)


def upgrade(config: Settings | None = None) -> str | None:
    """Bring PostGIS and the schema to their newest versions; answer the newest migration."""
    config = config or settings()
    if not config.database_url:
        with psycopg.connect(superuser_url(config, DATABASE), autocommit=True) as connection:
            for name in _outdated(connection):
                connection.execute(sql.SQL("ALTER EXTENSION {} UPDATE").format(sql.Identifier(name)))
    else:
        # A server of somebody else keeps another clock: the owner's sessions, which load files, keep China's.
        with psycopg.connect(urls(config).owner, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER ROLE CURRENT_USER SET timezone TO {}").format(TIMEZONE))
    return migrate(urls(config).owner)


def migrate(owner_url: str) -> str | None:
    """Run the migrations that one database lacks; answer the newest one."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    alembic = Config(toml_file=ROOT / "pyproject.toml")
    alembic.attributes["url"] = owner_url
    command.upgrade(alembic, "head")
    return ScriptDirectory.from_config(alembic).get_current_head()


def ensure_roles(connection: psycopg.Connection, passwords: Mapping[str, str] | None = None) -> None:
    """Create the four roles of the registry where they are missing, and set the passwords given.

    ``registry_owner`` owns the schema, ``registry_app`` is the web server's and starts without any right,
    ``registry_public`` is that of the public zone, which takes declarations and nothing else, and
    ``registry_reader`` cannot sign in: functions that answer for others belong to it. Needs a superuser.
    """
    for role, may_login in ((OWNER, "LOGIN"), (APP, "LOGIN"), (PUBLIC, "LOGIN"), (READER, "NOLOGIN")):
        name = sql.Identifier(role)
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb = sql.SQL("ALTER" if known else "CREATE")
        rights = sql.SQL(f"{may_login} NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION")
        connection.execute(sql.SQL("{} ROLE {} {}").format(verb, name, rights))
        # The text of an error quotes what was sent; our own log has its code. Only a superuser may set it.
        connection.execute(sql.SQL("ALTER ROLE {} SET log_min_messages TO 'log'").format(name))
        if password := (passwords or {}).get(role):
            # The server gets the verifier, never the password: no log and no statistics view can show it.
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            connection.execute(statement.format(name, sql.Literal(verifier.decode())))
    connection.execute(
        sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(sql.Identifier(READER), sql.Identifier(OWNER))
    )


def prepare(superuser_url: str, config: Settings | None = None) -> None:
    """Make roles, extensions and rights in the database connected to; safe to repeat.

    The passwords are those of ``home/secrets``, made when missing. Without a password in
    ``GEO_REGISTRY_DATABASE_URL`` the registry signs in with them.
    """
    config = config or settings()
    make_all_secrets(config)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        ensure_roles(connection, {role: _password(config, role) for role in SIGNING_IN})
        _take(connection)


def create_database(config: Settings, name: str, template: str = "template1") -> Urls:
    """Create a database in the embedded cluster unless it exists; nobody else may enter it."""
    with _connect(config, superuser_url(config)) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    with _connect(config, superuser_url(config, name)) as connection:
        _take(connection)
    return _urls(config, name)


def make_all_secrets(config: Settings | None = None) -> None:
    """Create the keys and the passwords of the database that are missing."""
    make_secrets(config)
    for role in (SUPERUSER, *SIGNING_IN):
        write_secret(role, secrets.token_urlsafe(32).encode(), config)


def _take(connection: psycopg.Connection) -> None:
    """Give the database connected to to the registry: extensions, owner, and nobody else in it."""
    for name in EXTENSIONS:
        connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
    # Last the right to connect, for it is by this that a start sees that everything is prepared.
    for statement in (
        "ALTER DATABASE {database} OWNER TO {owner}",
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {database} TO {app}",
        "GRANT CONNECT ON DATABASE {database} TO {public}",
    ):
        named = {"database": connection.info.dbname, "owner": OWNER, "app": APP, "public": PUBLIC}
        connection.execute(
            sql.SQL(statement).format(**{key: sql.Identifier(one) for key, one in named.items()})
        )


def _outdated(connection: psycopg.Connection) -> list[str]:
    query = """SELECT name FROM pg_available_extensions
               WHERE installed_version <> default_version AND name = ANY(%s)"""
    return [name for (name,) in connection.execute(query, [list(EXTENSIONS)])]


def _password(config: Settings, role: str) -> str:
    return secret(role, config).decode()


def _url(config: Settings, role: str, database: str) -> str:
    try:
        port = int((base_of(config.home) / "port").read_text())
    except (OSError, ValueError) as error:
        raise ClusterError("no database yet; start it: geo-registry db start") from error
    return f"postgresql://{role}:{_password(config, role)}@127.0.0.1:{port}/{database}"


def _urls(config: Settings, database: str) -> Urls:
    return Urls(*(_url(config, role, database) for role in SIGNING_IN))


def _signed_in(config: Settings, url: str, role: str) -> str:
    """Put the name and password of a role into an address."""
    parts = urlsplit(url)
    sign_in = f"{role}:{quote(_password(config, role), safe='')}"
    return urlunsplit(parts._replace(netloc=f"{sign_in}@{parts.netloc.rpartition('@')[2]}"))


def _answers(config: Settings) -> bool:
    """Tell whether the prepared database answers; wait while it recovers from a crash."""
    try:
        # The role that was added last: a cluster of an older program is made ready by the same steps.
        _connect(config, urls(config).public).close()
    except (ClusterError, SecretError, psycopg.OperationalError):
        return False
    return True


def _connect(config: Settings, url: str) -> psycopg.Connection:
    """Connect to the embedded server; wait while it runs and cannot accept connections yet.

    Raises:
        ClusterError: no server of this home runs.
    """
    data = base_of(config.home) / "data"
    deadline = time.monotonic() + SECONDS_TO_START
    while postgres.postmaster(data) is not None:
        try:
            return psycopg.connect(url, connect_timeout=5, autocommit=True)
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline or not any(sign in str(error) for sign in PASSING):
                raise
            time.sleep(0.05)
    raise ClusterError(f"PostgreSQL does not run on {data}")


def _where(config: Settings) -> dict[str, Any]:
    if config.database_url:
        return {"managed_elsewhere": True}
    base = base_of(config.home)
    try:
        port = int((base / "port").read_text())
    except (OSError, ValueError):
        port = None
    data = base / "data"
    known = data.is_dir()
    return {
        "port": port,
        "socket": socket_folder(base) if known else None,
        "data": data if known else None,
        "pid": postgres.postmaster(data),
    }


@contextlib.contextmanager
def _lock(config: Settings) -> Iterator[None]:
    """Let one process at a time start or stop the cluster of a home."""
    with (config.home / "pg.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
