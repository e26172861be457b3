"""Words of the pages of plates: sides and directions, kinds of places, warnings, certification."""

COMPASS = {"north": "北", "east": "东", "south": "南", "west": "西"}
OPPOSITE = {"north": "south", "east": "west", "south": "north", "west": "east"}
PARITY = {"odd": "单", "even": "双"}
POSITION_KINDS = {
    "entrance": "出入口",
    "gate": "大门",
    "building": "楼栋",
    "stairway": "楼道口",
    "vehicle_gate": "车行门",
}
ACCURACY = {"A": "实测", "B": "推算", "U": "未知"}
BASIS = {"decree": "批准文件", "photo": "上墙照片", "visit": "现场核实"}
WARNINGS = {
    "duplicate": "重号",
    "outside_area": "不在所属居村",
    "other_side": "号在对侧",
    "far_from_street": "离路太远",
    "out_of_order": "顺序不符",
    "gap": "跳号",
    "no_position": "未定位",
    "old_sign": "旧名牌",
}
CURES = {
    "duplicate": "打开两处核对，改号或移入回收站",
    "outside_area": "移到所属居村之内",
    "other_side": "移到单双号正确的一侧，或改号",
    "far_from_street": "移近道路，或吸附到出入口",
    "out_of_order": "按距起点的次序改号",
    "gap": "补编漏掉的门户",
    "no_position": "在图上定位",
    "old_sign": "牌上还是旧名：未上墙的先不要挂，在墙的重制新牌",
}
"""Kind of warning -> what ends it."""
NAME_STATES = {
    "reserved": "预留", "proposed": "拟定", "current": "现行", "retired": "已注销", "rejected": "未批准",
    "removed": "已移除",
}  # fmt: skip
"""States of place names and addresses."""
BINNED = {"address": "地址", "plate": "门牌", "place_name": "地名"}
