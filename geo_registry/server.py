"""The embedded server's place on the disk, its first making, and its launch under a user without rights."""

import contextlib
import hashlib
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from geo_registry.postgres import PORTS, ClusterError, configuration, find_installation, free_port, processes

SYSTEM_USER = "geo-registry"
# Where the cluster lies if the server's user cannot enter the home: below a root-only directory, say.
SHARED_STATE = Path("/var/lib/geo-registry")
# sockaddr_un holds 108 bytes with the closing zero.
SOCKET_PATH_MAX = 107
SECONDS_FOR_ORPHANS = 20
HBA = """\
local all         all              scram-sha-256
local replication all              scram-sha-256
host  all         all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Directory of one cluster and the user its server runs as; ``uid`` is None when that is ourselves.

    Ours are ``base`` and the configuration in it; ``data``, ``log`` and ``run`` belong to the server's user,
    so that a root which starts the server never writes where that user could have laid a link.
    """

    base: Path
    uid: int | None = None
    gid: int | None = None

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.base / "data"


def place_of(home: Path) -> Place:
    """Make the directory of a home's cluster: ``home/pg``, or what it points to.

    Started as root, the server runs as the system user ``geo-registry``; where that user cannot enter the
    home, the cluster goes to ``/var/lib/geo-registry/<hash of the home>`` and ``home/pg`` links to it.
    """
    home.mkdir(parents=True, exist_ok=True)
    link = home / "pg"
    base_of(home)
    if os.geteuid() != 0:
        link.mkdir(mode=0o700, exist_ok=True)
        return _folders(Place(link.resolve()))
    user = _system_user()
    place = Place(link, user.pw_uid, user.pw_gid)
    if link.is_symlink() or not (link.exists() or _may_enter(home, place)):
        shared = SHARED_STATE / hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:16]
        if link.is_symlink() and link.readlink() != shared:
            raise ClusterError(
                f"{link} points to the cluster of another home, {link.readlink()}; remove the link"
            )
        SHARED_STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(shared)
    base = link.resolve()
    base.mkdir(mode=0o750, exist_ok=True)
    os.chown(base, 0, user.pw_gid)
    return _folders(Place(base, user.pw_uid, user.pw_gid))


def base_of(home: Path) -> Path:
    """Tell where a home's cluster lies, or will lie.

    Raises:
        ClusterError: another user made it; only that user may use it, for the secrets are that user's.
    """
    base = (home / "pg").resolve()
    if base.exists() and (owner := base.stat().st_uid) != os.geteuid():
        raise ClusterError(
            f"the database in {base} was made by the user with id {owner}; run this as that user"
        )
    return base


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        # Exit status 9: another process made the user meanwhile.
        done = subprocess.run(
            [*command, "--home-dir", str(SHARED_STATE), SYSTEM_USER],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in {0, 9}:
            raise ClusterError(
                f"the system user {SYSTEM_USER} cannot be made: {done.stderr.strip()}"
            ) from None
        return pwd.getpwnam(SYSTEM_USER)


def _may_enter(folder: Path, place: Place) -> bool:
    return _run(["test", "-x", str(folder)], place).returncode == 0


def _folders(place: Place) -> Place:
    for name in ("log", "run"):
        _own_folder(place.base / name, place)
    return place


def _own_folder(folder: Path, place: Place) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if place.uid is not None and place.gid is not None:
        os.chown(folder, place.uid, place.gid, follow_symlinks=False)


def _run(command: Sequence[str], place: Place) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user, with a clean environment."""
    return subprocess.run(
        command,
        user=place.uid,
        group=place.gid,
        extra_groups=[] if place.uid is not None else None,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def socket_folder(base: Path) -> Path:
    """Tell where the server's socket lies: ``base/run``, or a short path where that is too long."""
    folder = base / "run"
    if len(os.fsencode(folder / ".s.PGSQL.65535.lock")) <= SOCKET_PATH_MAX:
        return folder
    name = hashlib.sha256(os.fsencode(base)).hexdigest()[:16]
    root = "/run" if os.geteuid() == 0 else os.environ.get("XDG_RUNTIME_DIR", tempfile.gettempdir())
    return Path(root) / f"geo-registry-{name}"


def clear_leftovers(place: Place) -> None:
    """Wait for the processes of a server that was killed, then remove its lock files.

    Called only when no server of this data directory runs. The files are removed only after the last process
    that works inside the directory has ended: two servers on one directory would destroy it.
    """
    if not ended(place.data, SECONDS_FOR_ORPHANS):
        for pid in processes(place.data):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    if not ended(place.data, SECONDS_FOR_ORPHANS):
        raise ClusterError(f"processes of a former server do not end: {processes(place.data)}")
    (place.data / "postmaster.pid").unlink(missing_ok=True)
    for file in socket_folder(place.base).glob(".s.PGSQL.*"):
        file.unlink(missing_ok=True)


def ended(data: Path, seconds: float) -> bool:
    """Wait until no process of the data directory is left; False when the time is up."""
    deadline = time.monotonic() + seconds
    while processes(data):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def initialise(place: Place, superuser: str, password: str) -> None:
    """Make the cluster unless it exists: page checksums, UTF-8, passwords everywhere.

    C.UTF-8 sorts by code point, the same on every machine, and yet knows which characters are letters:
    without that, trigrams would drop Chinese altogether.
    """
    if place.data.exists():
        return
    draft = place.base / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    _own_folder(draft, place)
    with tempfile.NamedTemporaryFile("w", dir=place.base / "run") as file:
        if place.uid is not None and place.gid is not None:
            os.fchown(file.fileno(), place.uid, place.gid)
        file.write(password)
        file.flush()
        options = ["--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256"]
        command = [str(find_installation().bin / "initdb"), "-D", str(draft), "-U", superuser, *options]
        done = _run([*command, f"--pwfile={file.name}"], place)
    if done.returncode != 0:
        raise ClusterError(f"initdb failed: {done.stderr.strip()}")
    # Whole or not at all: a cluster half made never gets this name.
    draft.rename(place.data)


def launch(place: Place, options: Mapping[str, str], seconds: int) -> None:
    """Start the server on its port, or on the next free one where that is taken; return when it is ready."""
    major = int((place.data / "PG_VERSION").read_text())
    program = find_installation(major).bin / "pg_ctl"
    folder = socket_folder(place.base)
    _own_folder(folder, place)
    if folder.lstat().st_uid != (os.geteuid() if place.uid is None else place.uid):
        raise ClusterError(f"the socket directory {folder} belongs to somebody else")
    for _ in range(3):
        port = free_port(_last_port(place))
        _write(place, "postgresql.conf", configuration(port, place.base, folder, options))
        _write(place, "pg_hba.conf", HBA)
        _write(place, "port", str(port))
        server = f"-c config_file={shlex.quote(str(place.base / 'postgresql.conf'))}"
        log = place.base / "log" / "start.log"
        command = [str(program), "start", "-w", "-t", str(seconds), "-D", str(place.data), "-l", str(log)]
        if _run([*command, "-o", server], place).returncode == 0:
            return
        if "could not create any TCP/IP sockets" not in _tail(log):
            break
    raise ClusterError(f"PostgreSQL did not start; the end of {log}:\n{_tail(log)}")


def _last_port(place: Place) -> int:
    try:
        return int((place.base / "port").read_text())
    except (OSError, ValueError):
        # Homes start their search at different ports, so that two first starts at once seldom meet.
        return PORTS[int(hashlib.sha256(os.fsencode(place.base)).hexdigest(), 16) % len(PORTS)]


def _write(place: Place, name: str, text: str) -> None:
    draft = place.base / f"{name}.new"
    draft.write_text(text)
    draft.chmod(0o640)
    if place.gid is not None:
        os.chown(draft, 0, place.gid)
    draft.rename(place.base / name)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-8:]) if log.exists() else ""
