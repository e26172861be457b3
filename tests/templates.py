"""Databases that are filled once and copied by every test process after that."""

import fcntl
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from geo_registry import cluster
from geo_registry.settings import ROOT, settings


@contextmanager
def locked(name: str, kind: int) -> Iterator[bool]:
    """Hold a lock that all test processes of this home share; tell whether it was got."""
    home = settings().home
    home.mkdir(parents=True, exist_ok=True)
    with (home / name).open("w") as file:
        try:
            fcntl.flock(file, kind)
        except BlockingIOError:
            yield False
        else:
            yield True


def digest_of(paths: Iterable[Path], *more: str) -> str:
    """Return a short name for the state of some files of the checkout, and of other texts."""
    digest = hashlib.sha256("\0".join(more).encode())
    for path in sorted(paths):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def sources(*folders: str) -> list[Path]:
    """Return the Python and SQL files of folders of the checkout."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    return [path for path in found if path.suffix in {".py", ".sql"}]


def template(kind: str, digest: str, fill: Callable[[cluster.Urls], object], of: str = "template1") -> str:
    """Fill a database once for each digest, drop those of other digests, and return its name to copy."""
    wanted = f"{kind}_{digest}"
    present = _names(kind)
    if wanted not in present:
        for old in present:
            drop(old)
        fill(cluster.create_database(settings(), f"{kind}_draft", of))
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        _execute(rename.format(sql.Identifier(f"{kind}_draft"), sql.Identifier(wanted)))
    return wanted


def migrated() -> str:
    """Migrate a template once for each state of the migrations and the SQL files; return its name."""
    digest = digest_of(sources("migrations", "geo_registry/sql"))
    return template("template", digest, lambda urls: cluster.migrate(urls.owner))


def anchor_now(urls: cluster.Urls) -> None:
    """Let looks begin: a template may be older than the day after which they stop for want of an anchor."""
    with psycopg.connect(urls.owner) as connection:
        connection.execute("UPDATE registry.audit_anchor SET anchored_at = now()")


def drop(name: str) -> None:
    """Drop a database, whoever is in it."""
    _execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def drop_orphans(*kinds: str) -> None:
    """Drop the databases of test processes that were killed; they are named for them."""
    for kind in kinds:
        for name in _names(kind):
            if not Path("/proc", name.removeprefix(f"{kind}_")).exists():
                drop(name)


def _execute(statement: sql.Composed) -> None:
    with psycopg.connect(cluster.superuser_url(), autocommit=True) as connection:
        connection.execute(statement)


def _names(kind: str) -> list[str]:
    with psycopg.connect(cluster.superuser_url()) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [rf"{kind}\_%"])
        return [name for (name,) in rows]
