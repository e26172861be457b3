"""How a command ends that is refused: one sentence on standard error, exit code 1, no traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from geo_registry.errors import RegistryError, Unavailable
from geo_registry.postgres import ClusterError
from geo_registry.settings import SecretError


@contextmanager
def refusing() -> Iterator[None]:
    """End the command with 1 and the sentence of whatever refuses it."""
    try:
        yield
    except (RegistryError, ClusterError, SecretError) as error:
        hint = "; does it run? geo-registry db start" if isinstance(error, Unavailable) else ""
        Console(stderr=True).print(f"{error}{hint}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
