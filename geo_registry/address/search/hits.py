"""Rows of the search's questions as hits, each with its class, reason and score."""

from typing import Any

from geo_registry.address.search.ranking import Grade, Hit, note_of

_SOUNDS = {"pinyin": "拼音", "initials": "拼音首字母"}


def code_hit(row: Any, *, is_whole: bool, is_sole: bool = False) -> Hit:  # noqa: ANN401  (a row of find_codes)
    """Return what bears a public code, or one that begins as was typed, maybe the only one that does."""
    grade: Grade = ("A", "编码一致", 100.0) if is_whole else ("C", "编码前缀", 50.0)
    if is_sole:
        grade = ("B", "编码前缀", 82.0)
    return Hit(
        row.kind, row.id, row.code, row.text, (), *grade, row.lon, row.lat, row.building_id, row.unit_id,
        note_of(row.kind, row.state),
    )  # fmt: skip


def alias_hit(row: Any, whole: str) -> Hit:  # noqa: ANN401  (a row of find_aliases)
    """Return what stands today where a former name led."""
    is_whole = row.normal_name == whole
    note = f"{row.until} 起为 {row.text}" if row.until else f"今为 {row.text}"
    grade: Grade = ("B", "曾用名", 75.0) if is_whole else ("C", "曾用名前缀", 45.0)
    return Hit(
        row.kind, row.id, row.code, row.via, (), *grade, row.lon, row.lat, row.building_id, None, note
    )  # fmt: skip


def place_hit(row: Any, grade: Grade, *, has_door: bool) -> Hit:  # noqa: ANN401  (a row of find_places)
    """Return a place name; above a door that was asked for it is a candidate only."""
    match, reason, score = grade
    if has_door:
        reason, score = reason if match == "C" else "上级地名", score - 60
        match = "C"
    note = note_of(row.kind, row.state) + (f" · 今为 {row.full_name}" if row.via else "")
    return Hit(
        "street", row.id, row.code, row.via or row.full_name, (), match, reason, score, row.lon,
        row.lat, None, None, note,
    )  # fmt: skip


def door_hit(row: Any, grade: Grade) -> Hit:  # noqa: ANN401  (a row of find_doors)
    """Return a door, a building, a unit or a plate."""
    note = note_of(row.kind, row.state, units=row.units, name=row.name, use=row.use, area_m2=row.area_m2)
    return Hit(
        row.kind, row.id, row.code, row.text, (), *grade, row.lon, row.lat, row.building_id, row.unit_id,
        note, (row.number, row.building_no, row.unit_key or ""),
    )  # fmt: skip


def building_hit(row: Any, *, is_sole: bool = False) -> Hit:  # noqa: ANN401  (a row of find_buildings)
    """Return a building by its own name; one that is only begun or spelled stands for all that bear it.

    `is_sole` tells that the letters that were typed begin no other name.
    """
    note, text = note_of(row.kind, row.state, name=row.name), row.text
    if row.way == "exact":
        grade: Grade = ("A", "楼栋名称", 94.0)
    else:
        text = row.name
        note += f" · 共 {row.same} 栋" if row.same > 1 else f" · {row.text}"
        grade = ("C", "楼栋名称前缀", 48.0 - min(len(row.name), 20) / 10)
        if row.way in _SOUNDS:
            is_certain = is_sole and row.same == 1
            grade = ("B" if is_certain else "C", f"楼栋名称{_SOUNDS[row.way]}", 78.0 if is_certain else 48.0)
    order = (row.number or 0, row.building_no, "")
    return Hit("building", row.id, row.code, text, (), *grade, row.lon, row.lat, row.id, None, note, order)
