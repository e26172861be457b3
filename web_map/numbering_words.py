"""The Chinese words of numbering: kinds of numbers in a plan, remarks on them, kinds of place names."""

from geo_registry.address.scheme import Numbering

KINDS = {
    "door": "新编",
    "free": "留号",
    "given": "已编",
    "proposed": "拟定",
    "reserved": "预留",
    "retired": "注销",
}
"""Kinds of numbers in the order of the legend."""

REMARKS = {
    "other-side": "与所在一侧的单双号不符",
    "out-of-order": "号序与位置不符",
    "far-from-street": "离道路较远",
    "lane-number": "与弄号相同",
}
PLACE_KINDS = {
    "street": "路街", "section": "路段", "lane": "弄巷", "sub_lane": "支弄", "alley": "巷内弄",
    "sub_alley": "弄内支弄", "estate": "小区", "hamlet": "自然村", "group": "村民组",
}  # fmt: skip
COMPASS = {"north": "北", "east": "东", "south": "南", "west": "西"}
PLACE_STATES = {"proposed": "拟定", "reserved": "预留", "current": "现行", "retired": "已注销"}
CHANGE_KINDS = {"rename": "地名更名", "renumber": "门牌改号", "take_back": "撤回改号"}
"""Why an address has another text."""
MODES = {"order": "按顺序", "distance": "按距离"}
_INSERTIONS = {"sub_number": "插号用副号", "reserved": "插号先用留号", "letter": "插号用甲乙丙"}


def scheme_text(numbering: Numbering) -> str:
    """Return the rules of numbering in one line, as the profile in force has them."""
    begins = [COMPASS[one] for one in numbering.origin if one in COMPASS]
    parts = [f"自{'、'.join(begins)}起"] if begins else []
    parts += ["弄巷自路口起"] if "mouth" in numbering.origin else []
    parts.append(MODES[numbering.mode])
    if numbering.mode == "distance":
        parts.append(f"每 {numbering.step_m:g} m 一号")
    parts.append(_INSERTIONS[numbering.insertion])
    if numbering.skip:
        parts.append(f"不用 {'、'.join(str(one) for one in numbering.skip)}")
    return " · ".join(parts)
