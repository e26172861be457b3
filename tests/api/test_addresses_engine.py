"""The address engine over HTTP: texts read, texts found in the viewer's areas, and no input that breaks it."""

import random
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from geo_registry.address.matching import Match
from geo_registry.address.reading.parts import Reading

if TYPE_CHECKING:
    from tests.api.conftest import Town

BASE = "/v1/addresses"
DOOR = "东塘区月河镇映月路8号"
HOSTILE = (
    " ",
    "\t\r\n",
    "\x01\x1f\x7f\x85",
    "\u202e8号路月映",
    "\u200b\ufeff\u00ad",
    "\u2028\u2029",
    "\ufffe\uffff",
    "🏠🏢8号楼👨‍👩‍👧",
    "𠮷野家路12号",
    "龘" * 500,
    "8" * 500,
    "号" * 500,
    "-" * 500,
    "8-" * 250,
    "路8号" * 160,
    "（(【[" * 125,
    "甲乙丙" * 166,
    "Ａ" * 500,
    "e\u0301" * 250,
    "'; DROP TABLE registry.address; --",
    "%00%_\\",
    "<script>alert(1)</script>",
    "{{7*7}}${7*7}",
    "NaN",
    "null",
    "٣٤路12号",
    "12345678901234567890号",
    "第第第第楼楼楼楼",
    "一" * 500,
    "〇零○○○号",
    "负" * 200 + "1层",
)


def _get(town: "Town", call: str, text: str, role: str = "clerk", **more: Any) -> Any:  # noqa: ANN401
    answer = town.call(role, "GET", f"{BASE}/{call}", params={"text": text, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def _refusal(town: "Town", method: str, call: str, **sent: Any) -> tuple[int, str, str]:  # noqa: ANN401
    """Return status, field and sentence of a refusal."""
    answer = town.call("clerk", method, f"{BASE}/{call}", **sent)
    fault = answer.json()["errors"][0]
    return answer.status_code, fault["pointer"], fault["detail"]


def test_a_text_is_read_into_parts(town: "Town") -> None:
    text = "  映月路２１８弄６号４０２室 "
    found = _get(town, "standardize", text)
    TypeAdapter(Reading).validate_python(found)
    assert found["input"] == text
    read = {part["kind"]: part["value"] for part in found["parts"]}
    assert read == {"street": "映月路", "lane": "218弄", "street_number": "6号", "room": "402室"}
    assert all(text[part["start"] : part["end"]] == part["text"] for part in found["parts"])
    assert found["standard"].endswith("映月路218弄6号402室")
    assert 0.5 < found["confidence"] <= 1


def test_a_profile_says_how_the_standard_address_is_written(town: "Town") -> None:
    found = _get(town, "standardize", "新竹市東區民族路二段33巷7弄419之3號2樓", profile="road-section")
    assert found["standard"] == "新竹市東區民族路二段33巷7弄419之3號二樓"
    params = {"text": "映月路8号", "profile": "/etc/hostname"}
    assert _refusal(town, "GET", "standardize", params=params)[:2] == (422, "query:profile")


def test_a_text_is_found_in_the_viewers_area_alone(town: "Town") -> None:
    found = _get(town, "match", DOOR)
    TypeAdapter(Match).validate_python(found)
    assert found["grade"] == "A"
    assert found["best"] == found["candidates"][0]
    assert str(town.ids["address"]) in {found["best"]["id"], found["best"]["address_id"]}
    assert found["reading"]["standard"].endswith("映月路8号")
    hidden = _get(town, "match", DOOR, role="foreign")
    assert (hidden["grade"], hidden["best"], hidden["candidates"]) == ("none", None, [])
    assert len(_get(town, "match", "映月路", limit=1)["candidates"]) <= 1


def test_another_door_is_never_taken_for_certain(town: "Town") -> None:
    for text in ("映月路8-1号", "映月路18号", "望月路8号", "映月路218弄8号", "映月路8弄"):
        assert _get(town, "match", text)["grade"] != "A", text


def test_a_list_answers_in_its_order_as_one_by_one(town: "Town") -> None:
    texts = ["映月路8号", "", "映月路218弄", "不知何处", DOOR, "映月路8号402室"]
    acts = town.sql("SELECT count(*) FROM registry.act")
    for call in ("standardize", "match"):
        answer = town.call("clerk", "POST", f"{BASE}/{call}", json={"addresses": texts})
        assert answer.status_code == 200, answer.text
        found = answer.json()
        readings = [one.get("reading", one) for one in found]
        assert [one["input"] for one in readings] == texts
        assert readings[1]["parts"] == []
        for text, one in zip(texts, found, strict=True):
            if text:
                assert one == _get(town, call, text)
    assert town.sql("SELECT count(*) FROM registry.act") == acts


def test_a_refusal_names_the_field(town: "Town") -> None:
    long, too_long = "映" * 500, "映" * 501
    for call in ("standardize", "match"):
        _get(town, call, long)
        assert _refusal(town, "GET", call, params={"text": too_long}) == (
            422,
            "query:text",
            "至多 500 个字符",
        )
        assert _refusal(town, "GET", call, params={"text": ""})[:2] == (422, "query:text")
        listed = {"addresses": ["映月路", too_long]}
        assert _refusal(town, "POST", call, json=listed) == (422, "#/addresses/1", "至多 500 个字符")
        many = {"addresses": ["映月路8号"] * 1001}
        assert _refusal(town, "POST", call, json=many) == (422, "#/addresses", "至多 1000 项")
        much = {"addresses": [long] * 101}
        assert _refusal(town, "POST", call, json=much)[0] == 422
        assert "50000 字" in town.call("clerk", "POST", f"{BASE}/{call}", json=much).json()["detail"]
        assert _refusal(town, "POST", call, json={"addresses": []})[:2] == (422, "#/addresses")
    assert _refusal(town, "GET", "match", params={"text": "映", "limit": 21})[:2] == (422, "query:limit")


def test_a_thousand_texts_are_answered_at_once(town: "Town") -> None:
    texts = [f"映月路{number}号" for number in range(1, 1001)]
    for call in ("standardize", "match"):
        answer = town.call("clerk", "POST", f"{BASE}/{call}", json={"addresses": texts})
        assert answer.status_code == 200, answer.text
        assert len(answer.json()) == 1000


def test_search_takes_a_point_in_either_form(town: "Town") -> None:
    path = f"{BASE}/search?q=映月路8号"
    plain, apart, joined = (
        town.call("clerk", "GET", path + more).json()["hits"]
        for more in ("", "&lon=121.405&lat=31.105", "&near=121.405,31.105")
    )
    assert plain == apart == joined != []
    assert _refusal(town, "GET", "search", params={"q": "映月路", "lon": 121})[:2] == (422, "#/lat")
    assert _refusal(town, "GET", "search", params={"q": "映月路", "lat": 31})[:2] == (422, "#/lon")


def _noise(seed: int) -> list[str]:
    """Return texts of what addresses and attacks are made of, in no order."""
    rng = random.Random(seed)
    bits = [
        *"路街弄号室幢栋组村区市省县楼层单元附之-—～、，()（）#0123456789一二十百廿○ＡＢab\t\u200b\u3000🏠𠮷\u202e",
        "B1",
        "null",
    ]
    return ["".join(rng.choices(bits, k=rng.randint(1, 60))) for _ in range(300)]


@pytest.mark.promise("P1")
def test_no_text_breaks_the_engine(town: "Town") -> None:
    for text in HOSTILE:
        for call in ("standardize", "match"):
            answer = town.call("clerk", "GET", f"{BASE}/{call}", params={"text": text})
            assert answer.status_code == 200, (call, text, answer.text)
    for call in ("standardize", "match"):
        texts = [*HOSTILE, *_noise(20261122)]
        answer = town.call("clerk", "POST", f"{BASE}/{call}", json={"addresses": texts})
        assert answer.status_code == 200, answer.text
        for text, one in zip(texts, answer.json(), strict=True):
            reading = one.get("reading", one)
            ends = [0, *(part["end"] for part in reading["parts"])]
            starts = [part["start"] for part in reading["parts"]]
            assert all(end <= start for end, start in zip(ends, starts, strict=False)), text
            assert 0 <= reading["confidence"] <= 1
    for raw in ("%00", "%ED%A0%80", "%FF"):
        assert town.call("clerk", "GET", f"{BASE}/match?text={raw}").status_code == 400
    for body in (rb'{"addresses":["\ud800"]}', rb'{"addresses":["\u0000"]}', b'{"addresses":[1]}', b"[]"):
        answer = town.call(
            "clerk", "POST", f"{BASE}/match", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in {400, 422}


def test_only_who_may_read_places_is_answered(town: "Town") -> None:
    for call in ("standardize", "match"):
        path = f"{BASE}/{call}?text=映月路8号"
        assert town.client.get(path).status_code == 401
        assert town.call("audit_admin", "GET", path).status_code == 403
        assert town.call("leader", "GET", path).status_code == 200
