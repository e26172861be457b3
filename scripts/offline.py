"""Run a command where there is no network but the loopback: `offline.py COMMAND ...`."""

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

NEW_USER, NEW_NET = 0x10000000, 0x40000000
SET_FLAGS, IS_UP = 0x8914, 0x1


def leave_the_network() -> None:
    """Move this process into a network of its own, with the loopback up.

    Raises:
        SystemExit: the kernel does not allow it.

    """
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    # Root needs no user namespace, and in one would lose the account under which PostgreSQL runs.
    for kind in (NEW_NET, NEW_USER | NEW_NET):
        if not libc.unshare(kind):
            break
    else:
        sys.exit(f"The kernel gives no network namespace: {os.strerror(ctypes.get_errno())}")
    if kind & NEW_USER:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh", b"lo", IS_UP))


if __name__ == "__main__":
    leave_the_network()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606  (a command of its own is the purpose)
