"""What a call sends to the database: the measure of speed that no busy machine changes."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event


def statements_of(connection: Connection, read: Callable[[], object]) -> list[tuple[str, Any]]:
    """Return the statements a read sends, with their values."""
    sent: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, values: Any, *_more: object) -> None:  # noqa: ANN401
        sent.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    try:
        read()
    finally:
        event.remove(connection, "before_cursor_execute", note)
    return sent
