"""Serving processes on one socket, each with its own way to the database; they end when their input is closed."""

import os
import signal
import socket
import sys

import uvicorn

from api.app import create_app


def serve(app_url: str, listening: socket.socket) -> None:
    """Serve in this process until a signal comes."""
    config = uvicorn.Config(create_app(app_url), log_level="error")
    uvicorn.Server(config).run(sockets=[listening])


def main(app_url: str, workers: int) -> None:
    """Tell port and process ids of the workers, then wait."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    children = []
    for _ in range(workers):
        # What they import they share: as many starts would take as many times as long.
        if (child := os.fork()) == 0:
            serve(app_url, listening)
            os._exit(0)
        children.append(child)
    sys.stdout.write(" ".join(map(str, (listening.getsockname()[1], *children))) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    for child in children:
        os.kill(child, signal.SIGTERM)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
