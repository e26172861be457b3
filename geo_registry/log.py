"""Log as JSON lines, without personal values.

Three walls: events carry only fields of a closed list; identity, phone and certificate numbers are masked in
every text; and of an exception only its class and its place in the code are written, for the messages of a
database quote the rows they refuse.
"""

import datetime as dt
import logging
import re
import sys
import traceback
from contextvars import ContextVar

import orjson

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# No field may hold a name, a number of a person, or free text.
FIELDS = frozenset({
    "account_id", "code", "count", "error", "event", "method", "ms", "purpose", "route", "rows", "seconds",
    "statements", "status",
})  # fmt: skip
Value = str | int | float | bool | None

# Identity number (18 characters, or 15 of the old kind), then mobile phone; longer digit strings too.
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])\d{15}(?:\d{2}[\dXx])?(?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)")
# Passports and permits of Hong Kong, Macao and Taiwan residents.
_PERMIT = re.compile(r"(?<![0-9A-Za-z])[A-Z]{1,2}\d{7,10}(?![0-9A-Za-z])")


def mask(text: str) -> str:
    """Replace identity, phone and certificate numbers by asterisks.

    >>> mask("no 11010519491231002X here")
    'no *** here'
    """
    for pattern in (_IDENTITY, _PHONE, _PERMIT):
        text = pattern.sub("***", text)
    return text


def holds_number(text: str) -> bool:
    """Tell whether a text holds the number of a citizen or a mobile phone, where none belongs.

    Eighteen digits with a date of this year or the last are a serial number, as offices write them.

    >>> holds_number("11010519491231002X"), holds_number("受理 310112202611230001")
    (True, False)
    """
    latest = dt.datetime.now(dt.UTC).year - 2
    years = (int(found[0][6:10]) for found in _IDENTITY.finditer(text) if len(found[0]) == 18)
    return _PHONE.search(text) is not None or any(1900 <= year <= latest for year in years)


class JsonFormatter(logging.Formatter):
    """Format a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Compose time, level, logger, message, request id, the allowed fields and the place of an error."""
        line: dict[str, object] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask(record.getMessage()),
        }
        if (current := request_id.get()) is not None:
            line["request_id"] = current
        facts: dict[str, Value] = getattr(record, "facts", {})
        line |= {name: mask(value) if isinstance(value, str) else value for name, value in facts.items()}
        if record.exc_info and record.exc_info[1] is not None:
            line |= _error(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


def _error(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return {"exception": f"{type(error).__module__}.{type(error).__qualname__}", "at": places[-12:]}


def write(logger: logging.Logger, event: str, level: int = logging.INFO, **facts: Value) -> None:
    """Write one event with fields of the closed list.

    Raises:
        ValueError: a field is not on the list; it might be personal.
    """
    if unknown := facts.keys() - FIELDS:
        raise ValueError(f"fields that may not be logged: {', '.join(sorted(unknown))}")
    logger.log(level, event, extra={"facts": facts})


def configure(level: int = logging.INFO) -> None:
    """Send all logs of this process to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Addresses with their query would hold what was searched for; requests are logged by us, by route.
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
