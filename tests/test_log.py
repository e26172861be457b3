"""Logs are JSON lines, and no personal value gets into them."""

import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry import log


def _line(message: str, *, error: BaseException | None = None, **facts: log.Value) -> dict[str, object]:
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("registry", logging.INFO, "f.py", 1, message, None, exc_info)
    record.facts = facts
    line = json.loads(log.JsonFormatter().format(record))
    assert isinstance(line, dict)
    return line


def test_a_line_has_time_level_message_and_fields() -> None:
    token = log.request_id.set("r-1")
    line = _line("request", route="/v1/streets/{id}", ms=3.5)
    log.request_id.reset(token)
    assert line["level"] == "info"
    assert line["message"] == "request"
    assert line["request_id"] == "r-1"
    assert line["route"] == "/v1/streets/{id}"
    assert line["ms"] == 3.5
    assert str(line["time"]).endswith("+00:00")


@pytest.mark.parametrize(
    "number",
    ["11010519491231002X", "110105194912310021", "110105491231002", "13800138000", "138-0013-8000",
     "+86 13800138000", "E12345678", "H1234567890"],
)  # fmt: skip
def test_numbers_of_persons_are_masked(number: str) -> None:
    assert number not in log.mask(f"编号{number}，已登记")
    assert number not in log.mask(number)


@pytest.mark.parametrize(
    "text", ["310105001002", "2026-11-22T12:00:00", "长宁路1200弄12号", "200040", "3.14159"]
)
def test_codes_of_areas_and_addresses_stay(text: str) -> None:
    assert log.mask(text) == text


@given(
    st.from_regex(r"[1-9][0-9]{16}[0-9X]", fullmatch=True), st.sampled_from(["", " ", "：", "号", "(", "'"])
)
def test_no_identity_number_survives(number: str, beside: str) -> None:
    assert number not in log.mask(f"{beside}{number}{beside}")


def test_an_exception_shows_its_place_but_not_its_words() -> None:
    try:
        raise ValueError("Key (name)=(张三) already exists")
    except ValueError as error:
        line = _line("failed", error=error)
    assert line["exception"] == "builtins.ValueError"
    assert "test_log.py" in str(line["at"])
    assert "张三" not in json.dumps(line, ensure_ascii=False)


def test_fields_outside_the_list_are_refused() -> None:
    with pytest.raises(ValueError, match="name"):
        log.write(logging.getLogger("registry"), "x", name="张三")


def test_configure_sends_json_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    try:
        log.configure()
        log.write(logging.getLogger("registry"), "started", count=2)
        line = json.loads(capsys.readouterr().err)
        assert (line["message"], line["count"]) == ("started", 2)
        assert logging.getLogger("uvicorn.access").disabled
    finally:
        root.handlers[:] = kept
        root.setLevel(level)
        logging.getLogger("uvicorn.access").disabled = False
        assert sys.stderr


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("11010519491231002X", True), ("案号 110105194912310021", True), ("１１０１０５１９４９１２３１００２X", True),
        ("13800138000", True), ("致电138-0013-8000", True), ("居登202611231183", False), ("310112202611230001", False),
        ("A3101125700002026110001", False), ("月公〔2026〕3号", False), ("", False),
    ],
)  # fmt: skip
def test_a_number_in_the_wrong_place_is_noticed(text: str, *, holds: bool) -> None:
    assert log.holds_number(text) is holds
