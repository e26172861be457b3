"""P21: whoever gets hold of the files of an installation reads no identity number and no phone in them."""

import base64
import csv
import json
import logging
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from api.app import create_app
from geo_registry import cluster, postgres, server
from geo_registry.access import cipher
from geo_registry.access.rules import Role
from geo_registry.account import accounts, sessions
from geo_registry.exchange.areas import import_areas
from geo_registry.exchange.buildings import import_buildings
from geo_registry.exchange.residents import import_residents
from geo_registry.log import JsonFormatter
from geo_registry.person.rules import id_check_character
from geo_registry.settings import Settings
from tests.exchange.samples import counts, feature, run_file, square, town, write_features

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

pytestmark = pytest.mark.postgis
PLANTED = 1_000
# Compressed pages would hide what they hold from the search.
OPTIONS = {
    "fsync": "off",
    "shared_buffers": "64MB",
    "wal_compression": "off",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "1h",
}
EAST = "310199100001"
NAME = "柳映雪"
PURPOSE = {"Access-Purpose": "01; case=2026-1183"}
APPROVED = """
    WITH others AS (INSERT INTO registry.account (login, name, role) VALUES ('head', 'head', 'station_head'), ('office', 'office', 'population_office')
      RETURNING id), opened AS (UPDATE registry.disclosure SET state = 'approved' RETURNING id)
    INSERT INTO registry.disclosure_approval (disclosure_id, account_id, verdict) SELECT opened.id, others.id, 'approved' FROM opened, others
"""
COLUMNS = (
    "name", "sex", "id_type", "id_number", "phone", "kind", "community_code", "street", "number", "room", "since",
)  # fmt: skip
ROOMS = b"""INSERT INTO registry.housing_unit (building_id, floor, room, unit_text, unit_key, district_id, township_id, community_id)
    SELECT b.id, f, f || '02', f || '02' || U&'\\5BA4', 'r' || f || '02', b.district_id, b.township_id, b.community_id
    FROM registry.building b, generate_series(1, 20) f"""


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation of its own, and beside it what was planted and where everything it wrote lies."""

    config: Settings
    urls: cluster.Urls
    folder: Path
    numbers: tuple[str, ...]
    phones: tuple[str, ...]

    @property
    def written(self) -> Path:
        """Where the test puts what left the installation: logs, error bodies, dumps, copies."""
        return self.folder / "written"


def _number(turn: int) -> str:
    body = f"{310101 + turn % 17}{1950 + turn % 50}{turn % 12 + 1:02}{turn % 28 + 1:02}{turn % 1000:03}"
    return body + id_check_character(body)


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder that the server's user may enter, and stop what runs below it."""
    path = Path(tempfile.mkdtemp())
    try:
        yield path
    finally:
        config = Settings(home=path / "home")
        cluster.stop(config)
        if (config.home / "pg").exists():
            shutil.rmtree((config.home / "pg").resolve())
        shutil.rmtree(path)


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """Give an installation of its own with a thousand planted persons, loaded from a list as in an office."""
    with _folder() as folder:
        config = Settings(home=folder / "home")
        urls = cluster.start(config, options=OPTIONS)
        cluster.migrate(urls.owner)
        monkeypatch.setattr(cipher, "settings", lambda: config)
        for name in ("written", "temporary", "sources"):
            (folder / name).mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder / "temporary"))
        numbers = tuple(_number(turn) for turn in range(PLANTED))
        phones = tuple(f"138{turn * 7919 % 10**8:08}" for turn in range(PLANTED))
        planted = Installation(config, urls, folder, numbers, phones)
        _load(planted)
        yield planted


def _load(planted: Installation) -> None:
    sources = planted.folder / "sources"
    with psycopg.connect(planted.urls.owner) as connection:
        run_file(connection, import_areas, town(sources / "areas.geojson"))
        house = feature(
            square(0.001, 0.001, 0.0002),
            external_id="B1",
            community_code=EAST,
            street="映月路",
            number="100号",
        )
        run_file(connection, import_buildings, write_features(sources / "b.geojson", house))
        connection.execute(ROOMS)
        report = run_file(connection, import_residents, _list(planted, sources / "residents.csv"))
    assert counts(report)[:2] == (PLANTED, PLANTED)


def _list(planted: Installation, path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for turn, (number, phone) in enumerate(zip(planted.numbers, planted.phones, strict=True)):
            room = f"{turn % 20 + 1}02室"
            rows.writerow(
                [
                    NAME,
                    number[16],
                    "111",
                    number,
                    phone,
                    "incomer",
                    EAST,
                    "映月路",
                    "100号",
                    room,
                    "2024-03-01",
                ]
            )
    return path


def _sign_in(planted: Installation) -> str:
    engine = create_engine(planted.urls.owner.replace("postgresql:", "postgresql+psycopg:"))
    with closing(engine.connect()) as connection, Session(connection) as session, session.begin():
        added = accounts.add_account(
            session,
            login="officer",
            name="officer",
            role=Role.OFFICER,
            password="a long enough one",
            division_codes=[EAST],
        )
        token = sessions.open_session(session, added.id)
        session.execute(text("UPDATE registry.account SET hourly_limit = 9999, daily_limit = 9999"))
    engine.dispose()
    return token


def _use(planted: Installation) -> int:
    """Look persons up, rightly and wrongly; keep the bodies of all errors, and the log, as files."""
    bodies: list[str] = []
    log = logging.FileHandler(planted.written / "server.log", encoding="utf-8")
    log.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.addHandler(log)
    app = create_app(planted.urls.app)
    try:
        with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            client.headers["Authorization"] = f"Bearer {_sign_in(planted)}"
            found = sum(_look(client, planted, turn, bodies) for turn in range(0, PLANTED, 10))
            _give_out(client, planted)
    finally:
        root.removeHandler(log)
        log.close()
    assert len(bodies) >= 700
    (planted.written / "errors.jsonl").write_text("\n".join(bodies), encoding="utf-8")
    return found


def _look(client: httpx.Client, planted: Installation, turn: int, bodies: list[str]) -> bool:
    number, phone = planted.numbers[turn], planted.phones[turn]
    found = client.post("/v1/persons/lookup", json={"id_type": "111", "id_number": number}, headers=PURPOSE)
    assert found.status_code == 200, found.text
    person = found.json()["person"]["person_id"]
    shown = client.post(
        f"/v1/persons/{person}/reveal", json={"fields": ["id_number", "phone"]}, headers=PURPOSE
    )
    assert shown.json()["fields"] == {"id_number": number, "phone": phone}
    wrong = number[:16] + str((int(number[16]) + 1) % 10) + number[17]
    attempts = (
        client.post("/v1/persons/lookup", json={"id_type": "111", "id_number": number}),
        client.post("/v1/persons/lookup", json={"id_type": number, "id_number": phone}, headers=PURPOSE),
        client.post("/v1/persons/lookup", json={"id_type": "111", "id_number": wrong, number: 1}, headers=PURPOSE),
        client.post("/v1/persons/lookup", content=f'{{"id_number": "{number}"', headers={**PURPOSE, "Content-Type": "application/json"}),
        client.post(f"/v1/persons/{number}/reveal", json={"fields": [number, phone]}, headers=PURPOSE),
        client.get(f"/v1/buildings/{number}/occupants", params={"limit": phone}, headers=PURPOSE),
        client.get(f"/v1/{number}/{phone}"),
        client.post(f"/v1/persons/{uuid4()}/reveal", json={"fields": ["name"]}, headers={"Access-Purpose": f"01; case={number}"}),
    )  # fmt: skip
    assert all(answer.status_code >= 400 for answer in attempts)
    bodies += [json.dumps([str(answer.headers), answer.text]) for answer in attempts]
    return bool(shown.status_code == 200)


def _give_out(client: httpx.Client, planted: Installation) -> None:
    """Make a list with all numbers in it, which the server keeps nowhere."""
    with psycopg.connect(planted.urls.owner) as connection:
        (building,) = connection.execute("SELECT id FROM registry.building").fetchone() or (None,)
    request = {
        "object_kind": "building", "object_id": str(building), "purpose": "05", "case_number": "映公〔2026〕17号",
        "recipient": "映山区教育局", "reason": "核对适龄儿童入学", "with_numbers": True,
    }  # fmt: skip
    asked = client.post("/v1/disclosures", json=request, headers={"Idempotency-Key": uuid4().hex})
    assert asked.status_code == 201, asked.text
    with psycopg.connect(planted.urls.owner) as connection:
        connection.execute(APPROVED)
    path = f"/v1/disclosures/{asked.json()['id']}/actions/make"
    for form in ("csv", "xlsx"):
        made = client.post(path, json={"form": form})
        assert made.status_code == 200, made.text
        assert (planted.numbers[0] in made.text) is (form == "csv")


def _disturb(planted: Installation) -> None:
    """Sort on the disk, break constraints, and misspell statements that hold a number."""
    with psycopg.connect(planted.urls.owner, autocommit=True) as connection:
        connection.execute("SET work_mem = '64kB'")
        with connection.transaction(), connection.cursor("held") as cursor:
            cursor.execute(
                "SELECT p, q.name FROM registry.person p, generate_series(1, 20) n, registry.person q WHERE q.id_tail = '11' ORDER BY p.id_number, n, q.id"
            )
            cursor.fetchone()
            spilled = server.base_of(planted.config.home) / "data" / "base" / "pgsql_tmp"
            assert any(spilled.iterdir())
            shutil.copytree(spilled, planted.written / "sorted")
        for number in planted.numbers[:50]:
            for statement in (
                f"SELECT '{number}x'::bigint",
                f"SELECT nothing_like_{number}",
                "UPDATE registry.person SET id_index = (SELECT id_index FROM registry.person LIMIT 1)",
                f"INSERT INTO registry.person (id, name, sex, id_type, id_number, id_index, id_tail) VALUES (gen_random_uuid(), '', '1', '111', '', '\\x{number[:16]}', '1X')",
            ):  # fmt: skip
                with pytest.raises(psycopg.Error):
                    connection.execute(statement.encode())


def _take_away(planted: Installation) -> None:
    """Make what a thief or a careless back-up carries off: a dump, a base copy with its WAL, and the stopped files."""
    programs = postgres.find_installation().bin
    superuser = cluster.superuser_url(planted.config, cluster.DATABASE)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    backup = planted.written / "backup"
    commands: tuple[list[str | Path], ...] = (
        [programs / "pg_dump", "--file", planted.written / "dump.sql", superuser],
        [programs / "pg_basebackup", "--pgdata", backup, "--wal-method", "fetch", "--dbname", _by_socket(planted), "--checkpoint", "fast"],
    )  # fmt: skip
    for command in commands:
        subprocess.run(command, check=True, capture_output=True, env=_environment(planted))
    cluster.stop(planted.config)


def _by_socket(planted: Installation) -> str:
    state = cluster.status(planted.config)
    return f"host={state.socket} port={state.port} user={cluster.SUPERUSER}"


def _environment(planted: Installation) -> dict[str, str]:
    password = (planted.config.home / "secrets" / cluster.SUPERUSER).read_text()
    return {**os.environ, "PGPASSWORD": password}


def _forms(value: str) -> set[bytes]:
    """Return a value as it may stand in a file: plain, as hexadecimal digits, as base 64."""
    plain = value.encode()
    return {
        plain,
        plain.hex().encode(),
        base64.b64encode(plain)[: len(plain) // 3 * 4],
    }


def _hits(folders: list[Path], values: set[bytes], needles: Path) -> int:
    """Count the lines of all files below some folders that hold one of the values."""
    needles.write_bytes(b"\n".join(values))
    search: list[str | Path] = [
        "grep",
        "-R",
        "--text",
        "--fixed-strings",
        "--file",
        needles,
        "--count",
        "--no-filename",
    ]
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run([*search, *folders], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode in {0, 1}, done.stderr
    return sum(map(int, done.stdout.split()))


@pytest.mark.promise("P21")
def test_a_thousand_numbers_and_phones_are_nowhere_to_be_read(installation: Installation) -> None:
    assert _use(installation) == PLANTED // 10
    _disturb(installation)
    _take_away(installation)
    folders = [
        server.base_of(installation.config.home).resolve(),
        installation.config.home,
        installation.written,
        installation.folder / "temporary",
    ]
    needles = installation.folder / "needles"
    size = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
    assert size > 50 * 2**20
    # The search sees what is there: names stand plain, in the heap, in the log, in dump and copy.
    assert _hits(folders, {NAME.encode()}, needles) >= 3
    assert _hits([installation.written / "dump.sql"], {NAME.encode()}, needles) == PLANTED
    planted = {form for value in (*installation.numbers, *installation.phones) for form in _forms(value)}
    assert len(planted) == 2 * PLANTED * 3
    assert _hits([installation.folder / "sources"], planted, needles) == PLANTED
    assert _hits(folders, planted, needles) == 0
