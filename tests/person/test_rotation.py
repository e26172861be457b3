"""P22: keys rotate while everybody reads and writes; a rotation that is killed goes on where it stood."""

import os
import random
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from geo_registry import cluster, db
from geo_registry import settings as settings_module
from geo_registry.access import cipher
from geo_registry.cli import app as commands
from geo_registry.codes import new_ids
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.person import rotation
from geo_registry.settings import Settings, make_secrets

PERSON = text("""INSERT INTO registry.person (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail, phone)
    VALUES (:id, '张三', '1', 1990, 3, '111', :number, :index, '13', :phone)""")
HALF_WAY = """
import os
from geo_registry import db
from geo_registry.person import rotation
engine = db.owner_engine(os.environ["GEO_REGISTRY_DATABASE_URL"])
done = rotation.rotate(engine, lambda done, total: print(done, flush=True), batch={batch})
print("over", done.key_id, done.was_resumed, flush=True)
"""


@pytest.fixture
def config(
    committed: Engine, database: cluster.Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Give an installation with a ring of its own over the worker's database."""
    config = Settings(home=tmp_path, database_url=database.owner)
    make_secrets(config)
    monkeypatch.setattr(cipher, "settings", lambda: config)
    return config


def _people(engine: Engine, count: int) -> list[UUID]:
    ids = list(new_ids(count))
    rows = [
        {
            "id": one,
            "number": cipher.seal("person", "id_number", one, _number(turn)),
            "index": cipher.blind_index("111", _number(turn)),
            "phone": cipher.seal("person", "phone", one, f"138{turn:08d}") if turn % 3 else None,
        }
        for turn, one in enumerate(ids)
    ]
    with engine.begin() as connection:
        connection.execute(PERSON, rows)
    return ids


def _number(turn: int) -> str:
    return f"310112199003{turn:06d}"


@dataclass
class Reader(threading.Thread):
    """Reads and opens persons one after the other, and changes a phone now and then, until told to stop."""

    engine: Engine
    ids: list[UUID]
    is_done: threading.Event = field(default_factory=threading.Event)
    reads: int = 0
    changes: int = 0
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        chance = random.Random(22)
        while not self.is_done.is_set():
            turn = chance.randrange(len(self.ids))
            try:
                self._read(turn)
                if self.reads % 20 == 0:
                    self._change(turn)
            except Exception as error:  # noqa: BLE001  (whatever it is, it is a failed read)
                self.faults.append(repr(error))

    def _read(self, turn: int) -> None:
        query = text("SELECT id_number FROM registry.person WHERE id = :id")
        with self.engine.connect() as connection:
            sealed = connection.execute(query, {"id": self.ids[turn]}).scalar_one()
        if cipher.open_("person", "id_number", self.ids[turn], bytes(sealed)) != _number(turn):
            self.faults.append("another number")
        self.reads += 1

    def _change(self, turn: int) -> None:
        sealed = cipher.seal("person", "phone", self.ids[turn], "13900000000")
        with self.engine.begin() as connection:
            connection.execute(
                text("UPDATE registry.person SET phone = :phone WHERE id = :id"),
                {"phone": sealed, "id": self.ids[turn]},
            )
        self.changes += 1


def _rotate(config: Settings, batch: int, *, kill_after: int | None) -> list[str]:
    """Rotate in a process of its own, killed when it has told of so many batches."""
    # Nothing of the environment but what leads to this ring and this database.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GEO_REGISTRY_")}
    environment |= {
        "GEO_REGISTRY_HOME": str(config.home),
        "GEO_REGISTRY_DATABASE_URL": str(config.database_url),
    }
    told: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", HALF_WAY.format(batch=batch)],
        env=environment, stdout=subprocess.PIPE, text=True, cwd=settings_module.ROOT,
    ) as process:  # fmt: skip
        assert process.stdout
        for line in process.stdout:
            told.append(line.strip())
            if kill_after is not None and len(told) == kill_after:
                process.kill()
    assert process.returncode == (0 if kill_after is None else -signal.SIGKILL), told
    return told


def _killed_twice(engine: Engine, config: Settings, *, persons: int, batch: int, batches: int) -> Reader:
    ids = _people(engine, persons)
    reader = Reader(engine, ids)
    reader.start()
    try:
        for _ in range(2):
            _rotate(config, batch, kill_after=batches)
            with db.transaction(engine) as session:
                used = {key.key_id: key.values for key in rotation.keys_in_use(session)}
            assert min(used[1], used[2]) > 0
        over = _rotate(config, batch, kill_after=None)
    finally:
        reader.is_done.set()
        reader.join()
    assert over[-1] == "over 2 True"
    return reader


def _assert_all_on(engine: Engine, key_id: int, ids: list[UUID]) -> None:
    with db.transaction(engine) as session:
        used = {key.key_id: key.values for key in rotation.keys_in_use(session)}
        phones = session.execute(text("SELECT count(phone) FROM registry.person")).scalar_one()
        stored = session.execute(text("SELECT id, id_number FROM registry.person")).all()
    assert used == {**dict.fromkeys(range(1, key_id), 0), key_id: len(ids) + phones}
    numbers = {row.id: cipher.open_("person", "id_number", row.id, bytes(row.id_number)) for row in stored}
    assert numbers == {one: _number(turn) for turn, one in enumerate(ids)}


@pytest.mark.promise("P22")
@pytest.mark.commits
def test_a_rotation_killed_twice_fails_no_read_and_leaves_nothing_behind(
    committed: Engine, config: Settings
) -> None:
    reader = _killed_twice(committed, config, persons=5_000, batch=500, batches=4)
    assert reader.faults == []
    assert reader.reads > 200
    assert reader.changes > 10
    _assert_all_on(committed, 2, reader.ids)


@pytest.mark.deep
@pytest.mark.promise("P22")
@pytest.mark.commits
def test_a_hundred_thousand_persons_change_their_key_under_load(committed: Engine, config: Settings) -> None:
    reader = _killed_twice(committed, config, persons=100_000, batch=rotation.BATCH, batches=8)
    assert reader.faults == []
    assert reader.reads > 2_000
    _assert_all_on(committed, 2, reader.ids)


@pytest.mark.commits
def test_a_second_rotation_makes_a_third_key(committed: Engine, config: Settings) -> None:
    ids = _people(committed, 30)
    for key_id in (2, 3):
        done = rotation.rotate(committed, batch=7)
        assert (done.key_id, done.was_resumed) == (key_id, False)
        _assert_all_on(committed, key_id, ids)


@pytest.mark.commits
def test_two_rotations_at_once_are_refused(committed: Engine, config: Settings) -> None:
    with rotation._alone(committed), pytest.raises(Conflict):
        rotation.rotate(committed)
    assert max(cipher.key_ring(config)) == 1


@pytest.mark.commits
def test_another_suite_is_refused_once_persons_are_loaded(
    committed: Engine, config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _people(committed, 1)
    other = config.model_copy(update={"cipher_suite": "sm4-gcm+hmac-sm3"})
    monkeypatch.setattr(cipher, "settings", lambda: other)
    with pytest.raises(RuleBroken) as caught:
        rotation.rotate(committed)
    assert caught.value.code == "cipher-suite"
    assert max(cipher.key_ring(config)) == 1


@pytest.mark.commits
def test_an_account_s_second_factor_is_sealed_anew_too(committed: Engine, config: Settings) -> None:
    account = next(iter(new_ids(1)))
    insert = text(
        "INSERT INTO registry.account (id, login, name, role, totp_secret) VALUES (:id, 'du', '杜某', 'officer', :sealed)"
    )
    with committed.begin() as connection:
        connection.execute(
            insert, {"id": account, "sealed": cipher.seal("account", "totp_secret", account, "JBSW")}
        )
    assert rotation.rotate(committed).resealed == 1
    with committed.connect() as connection:
        sealed = bytes(connection.execute(text("SELECT totp_secret FROM registry.account")).scalar_one())
    assert (sealed[1], cipher.open_("account", "totp_secret", account, sealed)) == (2, "JBSW")


@pytest.mark.commits
def test_the_command_lists_and_rotates_and_tells_of_a_key_that_is_missing(
    committed: Engine, config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "owner_engine", lambda: committed)
    _people(committed, 3)
    run = CliRunner()
    assert "identity" in run.invoke(commands, ["keys", "list"]).output
    rotated = run.invoke(commands, ["keys", "rotate"])
    assert (rotated.exit_code, "made key 2; 5 values" in rotated.output) == (0, True), rotated.output
    (config.home / "secrets" / "identity-2").unlink()
    listed = run.invoke(commands, ["keys", "list"])
    assert (listed.exit_code, "missing" in listed.output) == (1, True)
