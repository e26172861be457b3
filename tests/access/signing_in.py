"""Two hundred people sign in at once, in a process that has the whole server in it; prints the most memory it had."""

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from api.app import create_app
from geo_registry.account.sessions import sign_in
from geo_registry.db import app_engine


def main(url: str, password: str, people: int) -> None:
    """Sign in as p0, p1, ... in parallel, one thread each."""
    create_app(url)
    engine = app_engine(url)
    with ThreadPoolExecutor(people) as pool:
        tokens = list(pool.map(lambda number: sign_in(engine, f"p{number}", password), range(people)))
    # The kernel's other figure, ru_maxrss, is what the process that started this one had, if that was more.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak
    sys.stdout.write(f"{len(set(tokens))} {int(peak[1]) // 1024}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
