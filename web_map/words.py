"""The Chinese words for coded values, the same on every page; an unknown code is shown as it is."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from geo_registry.db import TIMEZONE
from geo_registry.plate.rules import KIND_TITLES, STATE_TITLES

CHINA = ZoneInfo(TIMEZONE)

USES = {
    "self_occupied": "自住",
    "let_whole": "整套出租",
    "let_rooms": "分间出租",
    "collective_dormitory": "宿舍",
    "vacant": "空置",
    "non_residential": "非居住",
    "under_demolition": "待拆",
}
# On a chip there is room for two or three characters; the group also gives the chip's colour.
USE_GROUPS = {
    "self_occupied": ("self", "自住"),
    "let_whole": ("let", "出租"),
    "let_rooms": ("let", "出租"),
    "collective_dormitory": ("dormitory", "宿舍"),
    "vacant": ("vacant", "空置"),
    "non_residential": ("other", "非居住"),
    "under_demolition": ("other", "待拆"),
}
UNKNOWN_USE = ("unknown", "未登记")
GROUP_ORDER = ("self", "let", "dormitory", "vacant", "other", "unknown")

BUILDING_USES = {
    "residential": "住宅",
    "commercial": "商业",
    "industrial": "工业",
    "public": "公共",
    "office": "办公",
    "mixed": "商住",
    "other": "其他",
}
BUILDING_STATES = {
    "planned": "规划",
    "under_construction": "在建",
    "realized": "现行",
    "under_conversion": "改建",
    "out_of_use": "停用",
    "demolished": "已拆除",
    "not_realized": "未建成",
    "removed": "已撤销",
}
PLATE_STATES, PLATE_KINDS = STATE_TITLES, KIND_TITLES
METHODS = {"measured": "实测", "outlined": "图上勾绘", "derived": "推算位置"}
# The marks of the legend in order: (mark, word).
PLATE_LEGEND = (
    ("draft", "草拟"),
    ("numbered", "已编号"),
    ("produced", "已制作"),
    ("installed", "已上墙"),
    ("fault", "破损缺失"),
)
CATEGORIES = {
    "local_hukou": "户籍人员",
    "incomer": "外来人员",
    "lodger": "寄住人员",
    "unsettled": "未落户人员",
    "overseas": "境外人员",
}
REGISTRATIONS = {
    "draft": "登记草稿",
    "submitted": "已提交",
    "officer_review": "民警复核中",
    "station_review": "站级复核中",
    "returned": "已退回",
    "active": "有效",
    "changed": "已变更",
    "cancelled": "已注销",
    "expired": "已过期",
}
SEPARATIONS = {
    "consistent": "人户一致",
    "resident_not_registered_here": "人在户不在",
    "registered_not_resident": "户在人不在",
    "false_alarm": "非人户分离",
}
HOUSEHOLDS = {"family": "家庭户", "collective": "集体户"}
PERMITS = {
    "referred": "已转交", "accepted": "已受理", "issued": "已制发", "endorsed": "已签注",
    "refused": "不予受理", "expired": "已失效",
}  # fmt: skip
FOUND_BY = {"former-document": "按曾用的证件号码找到", "merged": "该记录已并入此人"}
STALE_DAYS = 180
"""An occupant who was not verified for so long is marked; every live record shows its age."""
SEXES = {"1": "男", "2": "女", "0": "未知", "9": "未说明"}
DOCUMENTS = {
    "111": "居民身份证",
    "113": "户口簿",
    "414": "普通护照",
    "511": "台湾居民来往大陆通行证",
    "516": "港澳居民来往内地通行证",
    "553": "外国人永久居留证",
    "990": "其他证件",
}
HIT_KINDS = {"street": "地名", "address": "地址", "building": "楼栋", "unit": "户室", "plate": "门牌"}
# Sign and word of a block's load; the sign stands on the map too.
LOADS = {
    "under": ("▽", "偏少"),
    "fit": ("", "合适"),
    "over": ("△", "偏多"),
    "far_over": ("▲", "超量"),
    "unknown": ("", "人数不显示"),
    "ended": ("", "停用"),
}
OUTCOMES = {
    "met_all": "人均在，无变化",
    "met_some": "部分在家",
    "nobody_home": "无人",
    "vacant": "空置",
    "rescheduled": "改期",
    "document_not_sighted": "未见证件",
    "declined": "拒访",
    "address_not_found": "查无此户",
    "demolished": "已拆除",
}
MATCHES = {"A": "一致", "B": "改正", "C": "候选"}
VERBS = {
    "import": "导入",
    "register": "登记",
    "correct": "更正",
    "change": "变更",
    "retire": "停用",
    "approve": "批准",
    "number": "编号",
    "reserve": "预留号",
    "release": "解除预留",
    "name": "命名",
    "rename": "更名",
    "install": "上墙",
    "verify": "核验",
    "order": "下单",
    "move": "移动",
    "produce": "制作",
    "deliver": "送达",
    "scrap": "报废",
    "report-damage": "报损",
    "report-missing": "报失",
    "inspect": "巡查",
    "replace": "更换",
    "supersede": "替代",
    "remove": "拆除",
    "cancel": "取消",
}
FIELDS = {
    "outline": "图形",
    "position": "位置",
    "state": "状态",
    "use": "用途",
    "floors": "层数",
    "name": "名称",
    "label": "楼号",
    "area_m2": "面积",
    "valid": "有效期",
    "built_year": "建成年份",
    "method": "测绘方式",
    "unit_text": "室号",
    "code": "编码",
    "floors_below": "地下层数",
    "text": "牌面",
    "kind": "种类",
    "district_id": "区",
    "township_id": "街道",
    "community_id": "居委",
    "unauthorised": "违建标记",
    "batch_id": "批次",
}


# The rates of the leader's page and what each of them counts.
RATES = {
    "registration_rate": "登记率",
    "accuracy_rate": "准确率",
    "plate_on_wall_rate": "门牌上墙率",
    "self_check_rate": "14 天自查覆盖",
    "unit_capture_rate": "房屋采集率",
    "entry_rate": "系统录入率",
}
RATE_UNITS = {
    "registration_rate": "人",
    "accuracy_rate": "条",
    "plate_on_wall_rate": "块",
    "self_check_rate": "户",
    "unit_capture_rate": "户",
    "entry_rate": "份",
}
VERDICTS = {
    "met": "达到",
    "missed": "未达到",
    "not_demonstrated": "未证实",
    "too_few": "样本过少",
    "no_data": "暂无数据",
    "no_target": "无目标",
}
LEVELS = {
    "city": "市",
    "district": "区",
    "township": "街道",
    "community": "居委",
    "block": "网格",
    "rest": "未划网格",
    "building": "楼栋",
}


def word(table: dict[str, str], code: str | None) -> str:
    """Return the word for a code; a dash for none."""
    return "—" if code is None or code == "" else table.get(code, code)


def registration_chip(row: dict[str, Any], hukou: dict[str, Any] | None = None) -> tuple[str, str] | None:
    """Return tone and words for the registration of one stay: what holds, and until when.

    A list of occupants says itself whether hukou and dwelling agree; for a person's dwellings `hukou` tells.
    None where there is nothing to say.
    """
    status, expires = row.get("registration"), row.get("expires_on")
    if status in {"active", "expired"} and expires:
        is_over = status == "expired" or expires < today().isoformat()
        return ("warning", f"已于 {expires} 到期") if is_over else ("ok", f"有效至 {expires}")
    if status:
        tone = {"active": "ok", "expired": "warning", "returned": "warning"}.get(status, "info")
        return tone, word(REGISTRATIONS, status)
    separation = row.get("separation")
    if hukou is not None:
        separation = (
            "consistent" if hukou.get("unit_id") == row.get("unit_id") else "resident_not_registered_here"
        )
    if row.get("category") == "local_hukou":
        return {
            "consistent": ("ok", SEPARATIONS["consistent"]),
            "resident_not_registered_here": ("info", SEPARATIONS["resident_not_registered_here"]),
        }.get(separation or "", ("plain", "户籍待核"))
    return ("warning", "未登记") if row.get("until") is None else None


def separation_chip(row: dict[str, Any]) -> tuple[str, str] | None:
    """Return tone and words where somebody lives apart from the hukou, or an officer has decided about it."""
    status = row.get("separation")
    if row.get("separation_decided"):
        return "info", f"{word(SEPARATIONS, row['separation_decided'])} · 已认定"
    if status == "resident_not_registered_here" and row.get("registration"):
        return "info", SEPARATIONS[status]
    return None


def verified(row: dict[str, Any]) -> tuple[str, str]:
    """Return tone and words for how long ago somebody was last found here."""
    age = row.get("verified_age_days")
    if age is None:
        return "warning", "未核实"
    text = "今日核实" if age == 0 else f"{age} 天前核实"
    return ("warning" if age > STALE_DAYS else "quiet"), text


def floor_title(floor: int | None) -> str:
    """Return 4层, 地下1层, or 未分层."""
    if floor is None:
        return "未分层"
    return f"{floor}层" if floor >= 0 else f"地下{-floor}层"


def china_time(moment: dt.datetime) -> str:
    """Return a moment by China's clock: 2026-11-22 08:30."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def today() -> dt.date:
    """Return the day by China's clock."""
    return dt.datetime.now(CHINA).date()


def without_kind(note: str, kind: str) -> str:
    """Return the remark on a search hit without the kind before it, which stands in a place of its own."""
    return note.removeprefix(HIT_KINDS.get(kind, "")).removeprefix(" · ")


def local(title: str, district: str | None) -> str:
    """Return an address without the district before it, which the path above the map names already."""
    return title.removeprefix(district) if district else title


def week_title(week: dt.date) -> str:
    """Return a week by its number: 第 47 周; the year is named once it is not the current one."""
    year, number, _ = week.isocalendar()
    return f"第 {number} 周" if year == today().isocalendar().year else f"{year} 年第 {number} 周"


def count(number: int) -> str:
    """Return a number with a thin space between thousands."""
    return f"{number:,}".replace(",", "\u2009")
