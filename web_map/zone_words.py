"""The Chinese words of focus areas and zones, and small helps for their pages."""

import datetime as dt

GROUNDS = {
    "low_registration": "登记率低",
    "high_turnover": "人员流动快",
    "unsafe_housing": "房屋安全",
    "plates_missing": "门牌缺失",
}
FOCUS_KINDS = {
    "urban_fringe": "城郊结合部",
    "village_in_city": "城中村",
    "old_lanes": "老旧街巷",
    "rental_estate": "出租集中小区",
    "small_inns": "小旅馆集中片",
    "market": "市场周边",
    "mine": "工矿区",
}
WEEKDAYS = ("一", "二", "三", "四", "五", "六", "日")
SWEEPS = {"weekly": "每周清查", "joint": "月度联合清查"}
DAYS = {
    "held": "已清查",
    "joint": "月度联合清查",
    "missed": "未清查",
    "made_up": "补查",
    "planned": "计划",
}
DECISIONS = {"accepted": "验收合格", "returned": "退回整改"}
TONES = {
    "in_rectification": "info", "submitted": "info", "returned": "warning", "accepted": "ok", "closed": "ok",
    "failed": "warning",
}  # fmt: skip
VISITED = (("done", "7 天内已核"), ("open", "待核"), ("late", "超过 14 天或未核"))
VERBS = {
    "propose": "提议", "notify": "告知", "list": "挂牌", "plan": "制定方案", "amend_plan": "修订方案",
    "approve_plan": "批准方案", "start": "开始整治", "sweep": "登记清查", "measure": "报告措施进度",
    "submit": "报验", "accept": "验收", "return": "退回", "close": "销牌", "fail": "判定未通过",
}  # fmt: skip
FIELDS = {
    "state": "状态", "name": "名称", "ground": "事由", "boundary": "范围", "proposed_on": "提议日",
    "notified_on": "告知日", "listed_on": "挂牌日", "due_on": "到期日", "started_on": "开始日",
    "submitted_on": "报验日", "accepted_on": "验收日", "closed_on": "销牌日",
}  # fmt: skip


def short_day(day: dt.date | None) -> str:
    """Return month and day, 11-20; a dash for none."""
    return day.strftime("%m-%d") if day else "—"


def weekday(day: dt.date) -> str:
    """Return 周三."""
    return f"周{WEEKDAYS[day.weekday()]}"


def told(count: int | None) -> str:
    """Return a count of persons as far as it may be told."""
    return "不足 10" if count is None else str(count)
