"""The Chinese words of declarations, deaths that were told, and the check of separated persons."""

DECLARATION_KINDS = {"arrival": "新到居住", "change": "搬到本市另一处", "departure": "离开"}
DECLARATION_STATES = {
    "pending": ("待核对", "info"),
    "confirmed": ("已转登记", "ok"),
    "rejected": ("已退回", "warning"),
    "expired": ("已失效", "line"),
}
NOTICE_STATES = {
    "proposed": ("待核对", "info"),
    "confirmed": ("已转注销", "ok"),
    "rejected": ("不属实", "warning"),
}
SOURCES = {"civil_affairs": "民政", "police": "公安", "funeral": "殡葬"}
MODES = {
    "register_first": "先户籍后入户",
    "field_first": "先入户后户籍",
    "data_only": "只比对数据",
}
OUTCOMES = {
    "still_separated": "仍人户分离",
    "ended": "已不分离",
    "not_found": "查无下落",
    "whereabouts_known": "去向已明",
}
LISTS = {
    "here": "人在户不在",
    "away": "户在人不在",
    "decided": "已认定",
    "unregistered": "无户口",
}
SEPARATIONS = {
    "consistent": "人户一致",
    "resident_not_registered_here": "人在户不在",
    "registered_not_resident": "户在人不在",
    "false_alarm": "不属分离",
    "incomer": "外来",
}
REFERRED_TO = {"civil_affairs": "民政部门", "police": "公安机关"}
REFERRAL_OUTCOMES = {
    "hukou_given": "已落户",
    "hukou_found": "已查到户口",
    "left_area": "已离开",
    "other": "其他",
}
VERDICTS = {
    "met": ("达标", "ok"),
    "missed": ("未达标", "warning"),
    "not_demonstrated": ("尚不能判定", "line"),
    "too_few": ("人数少", "line"),
    "no_data": ("无数据", "line"),
}
