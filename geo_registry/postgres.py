"""PostgreSQL as programs and processes: find it, configure it, see which of it runs.

Nothing here knows the registry; ``cluster`` puts these pieces together.
"""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# All of China keeps one clock; "today" is its day, on every machine and in every session.
TIMEZONE = "Asia/Shanghai"
POSTGRES_MIN = 15
POSTGIS_MIN = (3, 3)
DEBIAN = Path("/usr/lib/postgresql")
# Below the ports which Linux hands out by itself (32768 and above), so that no passing connection takes ours.
PORTS = range(20_000, 32_000)


class ClusterError(RuntimeError):
    """The embedded cluster cannot do what was asked; the sentence says why and what helps."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One PostgreSQL on this machine that has PostGIS."""

    bin: Path
    major: int
    postgis: str


def find_installation(major: int | None = None) -> Installation:
    """Find the newest PostgreSQL that has PostGIS, or the one of that major version.

    Raises:
        ClusterError: none has PostgreSQL >= 15 and PostGIS >= 3.3.
    """
    found = [one for folder in _bin_folders() if (one := _inspect(folder))]
    fitting = [one for one in found if major in {None, one.major}]
    if fitting:
        return max(fitting, key=lambda one: one.major)
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {POSTGRES_MIN} or newer"
    raise ClusterError(
        f"{wanted} with PostGIS {POSTGIS_MIN[0]}.{POSTGIS_MIN[1]} or newer is not installed; "
        f"on Debian: apt-get install postgresql-{major or POSTGRES_MIN}-postgis-3"
    )


def _bin_folders() -> Iterator[Path]:
    yield from sorted(DEBIAN.glob("*/bin"))
    if server := shutil.which("postgres"):
        yield Path(server).resolve().parent
    if config := shutil.which("pg_config"):
        yield Path(_output([config, "--bindir"]))


def _inspect(folder: Path) -> Installation | None:
    if not all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb", "pg_ctl")):
        return None
    match = re.search(r"\) (\d+)", _output([str(folder / "postgres"), "--version"]))
    major = int(match[1]) if match else 0
    version = _postgis_version(folder, major)
    if major < POSTGRES_MIN or version is None:
        return None
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    return Installation(folder, major, version) if numbers >= POSTGIS_MIN else None


def _postgis_version(folder: Path, major: int) -> str | None:
    shares = [Path(f"/usr/share/postgresql/{major}")] if folder.is_relative_to(DEBIAN) else []
    shares += [folder.parent / "share" / "postgresql", folder.parent / "share"]
    for share in shares:
        control = share / "extension" / "postgis.control"
        if control.is_file() and (
            match := re.search(r"default_version\s*=\s*'([^']+)'", control.read_text())
        ):
            return match[1]
    return None


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def memory_bytes() -> int:
    """Tell how much memory this process may use: the machine's, or its control group's if that is less."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            return min(total, int(Path(limit).read_text()))
        except (OSError, ValueError):
            continue
    return total


def configuration(port: int, base: Path, socket_folder: Path, options: Mapping[str, str]) -> str:
    """Compute the text of a ``postgresql.conf`` for this machine; the options given override the rest."""
    megabytes = memory_bytes() // 2**20
    lines = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "hba_file": str(base / "pg_hba.conf"),
        "unix_socket_directories": str(socket_folder),
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "max_connections": "120",
        "shared_buffers": f"{max(128, min(megabytes // 4, 8192))}MB",
        "effective_cache_size": f"{max(256, megabytes * 6 // 10)}MB",
        "work_mem": f"{max(8, min(megabytes // 400, 64))}MB",
        "maintenance_work_mem": f"{max(64, min(megabytes // 16, 2048))}MB",
        "max_wal_size": "4GB",
        "wal_compression": "on",
        "checkpoint_completion_target": "0.9",
        "random_page_cost": "1.1",
        # Compiling costs more than it saves on queries of a few milliseconds.
        "jit": "off",
        "datestyle": "iso, ymd",
        "timezone": TIMEZONE,
        "log_timezone": "UTC",
        "lc_messages": "C.UTF-8",
        # One file for each weekday, overwritten after a week.
        "logging_collector": "on",
        "log_directory": str(base / "log"),
        "log_filename": "postgresql-%a.log",
        "log_rotation_age": "1d",
        "log_truncate_on_rotation": "on",
        "log_line_prefix": "%m [%p] %u@%d ",
        # No statement and no parameter in the log: both may hold personal values.
        "log_statement": "none",
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",
    }
    # Containers often have 64 MB of shared memory, too little for parallel index builds.
    if Path("/dev/shm").is_dir() and shutil.disk_usage("/dev/shm").total < 2**30:  # noqa: S108
        lines["dynamic_shared_memory_type"] = "mmap"
    return "".join(f"{name} = '{value}'\n" for name, value in (lines | dict(options)).items())


def free_port(preferred: int) -> int:
    """Find a port of 127.0.0.1 that nobody listens on, from the preferred one upwards."""
    start = preferred if preferred in PORTS else PORTS.start
    for step in range(len(PORTS)):
        port = PORTS[(start - PORTS.start + step) % len(PORTS)]
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ClusterError(f"every port from {PORTS.start} to {PORTS.stop} of 127.0.0.1 is taken")


def processes(data: Path) -> list[int]:
    """List the postgres processes of one data directory; each of them works inside it."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if (folder / "comm").read_text().strip() == "postgres" and (folder / "cwd").readlink() == data:
                found.append(int(folder.name))
        except OSError:
            continue  # ended meanwhile, or another user's
    return found


def postmaster(data: Path) -> int | None:
    """Tell the process id of the running server of one data directory, if there is one."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if pid in processes(data) else None
