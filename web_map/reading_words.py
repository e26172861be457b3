"""The Chinese words of a read address, and its text cut into pieces that a page can show."""

from collections.abc import Iterator
from dataclasses import dataclass

from geo_registry.address.matching import Match
from geo_registry.address.reading.parts import Inferred, Reading, ReadKind

KINDS: dict[ReadKind, str] = {
    "country": "国家", "province": "省级", "city": "市级", "district": "区县", "development_zone": "开发区",
    "township": "街道乡镇", "community": "社区村", "neighborhood": "邻",
    "hamlet": "自然村", "group": "组", "street": "路街", "section": "路段", "street_number": "门牌号",
    "sub_street": "支路", "sub_street_number": "支路门牌",
    "lane": "弄巷", "sub_lane": "支弄", "alley": "巷内弄", "sub_alley": "弄内支弄",
    "estate": "小区", "sub_estate": "小区分区", "building": "楼栋", "entrance": "单元", "floor": "楼层",
    "room": "户室",
    "occupant": "单位或人", "note": "附注", "repetition": "重复", "unread": "没读懂",
}  # fmt: skip
GROUPS = {"area": "区划", "way": "路、村组与门牌", "house": "小区、楼与房间", "none": "不是地址"}
_WAYS: tuple[ReadKind, ...] = (
    "hamlet", "group", "street", "section", "street_number", "sub_street", "sub_street_number", "lane",
    "sub_lane", "alley", "sub_alley",
)  # fmt: skip
_HOUSES: tuple[ReadKind, ...] = ("estate", "sub_estate", "building", "entrance", "floor", "room")
_NONE: tuple[ReadKind, ...] = ("occupant", "note", "repetition", "unread")
GROUP_OF: dict[ReadKind, str] = {
    **dict.fromkeys(KINDS, "area"),
    **dict.fromkeys(_WAYS, "way"),
    **dict.fromkeys(_HOUSES, "house"),
    **dict.fromkeys(_NONE, "none"),
}
ADDRESS_KINDS = tuple(kind for kind in KINDS if kind not in _NONE)
_RANKS = {kind: rank for rank, kind in enumerate(KINDS)}
GRADES = {"A": "一致", "B": "改正", "C": "候选", "none": "未找到"}
STATES = {
    "reserved": "预留", "proposed": "拟定", "current": "现行", "retired": "已注销", "rejected": "未批准",
    "removed": "已撤销", "planned": "规划", "under_construction": "在建", "realized": "现行",
    "under_conversion": "改建", "out_of_use": "停用", "demolished": "已拆除", "not_realized": "未建成",
}  # fmt: skip
LIVE = frozenset({"current", "realized", "under_construction", "under_conversion"})
# What found a part: the word behind the point of its rule.
_RULES = {
    "known": "区划表或登记库里有这个名称",
    "parent": "由写明的下级推定",
    "suffix": "末尾的通名",
    "count": "数字加通名",
    "door": "“号”，按前后文",
    "pair": "连写的两个数字",
    "bare": "只写数字，按前后文",
    "letter": "字母，按前后文",
    "side": "方位词",
    "named": "楼层的叫法",
    "distance": "说明距离",
}
# From each confidence on, the words beside the bar.
_CONFIDENCE = ((0.95, "很有把握"), (0.8, "较有把握"), (0.5, "把握不大"), (0.0, "多半没读懂"))


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text: a part with its kind's name, or (no title) what stands between two parts.

    One of the group `inferred` was not written.

    `value` is the normal form where it differs from what is written.
    """

    text: str
    group: str = "gap"
    title: str = ""
    value: str = ""


def pieces_of(reading: Reading) -> Iterator[Piece]:
    """Cut a text into its parts and what stands between them, with inferred parents at their level.

    Without those the pieces are the whole text.
    """
    at, missing = 0, list(reading.inferred)
    for part in reading.parts:
        if part.start > at:
            yield Piece(reading.input[at : part.start])
        group = GROUP_OF[part.kind]
        while missing and group != "none" and _RANKS[missing[0].kind] < _RANKS[part.kind]:
            yield _inferred(missing.pop(0))
        value = part.value if group != "none" and part.value != part.text else ""
        yield Piece(reading.input[part.start : part.end], group, KINDS[part.kind], value)
        at = part.end
    if at < len(reading.input):
        yield Piece(reading.input[at:])
    yield from map(_inferred, missing)


def _inferred(parent: Inferred) -> Piece:
    return Piece(parent.value, "inferred", f"{KINDS[parent.kind]} · 推断")


def confidence_words(confidence: float) -> str:
    """Return in words how sure a reading is."""
    return next(words for least, words in _CONFIDENCE if confidence >= least)


def has_address(reading: Reading) -> bool:
    """Tell whether anything in a text is part of an address."""
    return any(GROUP_OF[part.kind] != "none" for part in reading.parts)


def headline(found: Match) -> str:
    """Return in one sentence what a match amounts to."""
    if found.grade == "A":
        return "登记库中正是这一处"
    if found.grade == "B":
        return "改正一处后，登记库中只有这一处"
    if found.grade == "C":
        return f"有 {len(found.candidates)} 个相近的，请人工选定"
    return "您的区域内没有对得上的地址"


def values_of(reading: Reading, kind: ReadKind) -> str:
    """Return the normal forms of all parts of a kind, as one cell of a table."""
    return " ".join(part.value for part in reading.parts if part.kind == kind)


def rule_words(rule: str) -> str:
    """Return in words what found a part; where no sign did, what stands around it decided."""
    return _RULES.get(rule.rpartition(".")[2], "按前后文")
