"""The Chinese words of cases of registration, the same on every page and in its scripts."""

from typing import Any

from web_map import words

STATUSES = {
    "draft": "草稿",
    "submitted": "待民警复核",
    "officer_review": "民警复核中",
    "station_review": "待站级复核",
    "returned": "已退回",
    "active": "已生效",
    "void": "已作废",
}
TONES = {
    "draft": "line",
    "submitted": "info",
    "officer_review": "info",
    "station_review": "info",
    "returned": "warning",
    "active": "ok",
    "void": "plain",
}
ACTIONS = {
    "register": "新登记",
    "change": "变更",
    "cancel": "注销",
    "renew": "续期",
    "correct": "更正",
}
FORMS = {
    "incomer_registration": "来沪（外来）人员登记表",
    "resident_not_registered_here": "人在户不在登记表",
    "registered_not_resident": "户在人不在登记表",
    "change_cancel": "变更注销登记表",
}
SOURCES = {
    "desk": "窗口受理",
    "field": "上门采集",
    "declaration": "网上申报",
    "death": "死亡信息",
    "separation": "人户分离核对",
}
RELATIONS = {
    "0": "户主",
    "1": "配偶",
    "2": "子",
    "3": "女",
    "4": "孙辈",
    "5": "父母",
    "6": "祖辈",
    "7": "兄弟姐妹",
    "8": "其他",
}
STAY_REASONS = {
    "work": "务工",
    "business": "经商",
    "study": "求学",
    "family": "投靠亲友",
    "tourism": "旅游",
    "other": "其他",
}
LODGINGS = {"own": "自有", "rented": "租赁", "dormitory": "宿舍", "kin": "亲友家", "other": "其他"}
PROOFS = {
    "title": "产权证",
    "public_lease": "公房租赁凭证",
    "rental_filing": "租赁备案",
    "contract": "租赁合同",
    "dormitory_letter": "单位住宿证明",
    "kinship": "亲属关系证明",
    "other": "其他",
}
END_REASONS = {
    "left_area": "离开本市",
    "moved_within_city": "市内迁移",
    "duplicate": "重复登记",
    "wrong": "登记有误",
    "false_entry": "虚假登记",
    "deceased": "死亡",
    "military_service": "参军",
    "settled_abroad": "出国定居",
    "became_local": "落户本市",
    "merged_division": "区划合并",
}
ABSENCE_REASONS = {
    "work": "务工",
    "study": "求学",
    "family": "投靠亲友",
    "housing": "另有住房",
    "abroad": "出国（境）",
    "other": "其他",
}
INFORMANTS = {"self": "本人", "family": "家属", "neighbour": "邻居", "committee": "居委", "landlord": "房东"}
FIELDS = {
    "name": "姓名",
    "sex": "性别",
    "birth": "出生",
    "id_type": "证件种类",
    "id_number": "证件号码",
    "phone": "电话",
    "category": "人员类别",
    "relation_to_head": "与户主关系",
    "hukou_unit_id": "户籍户室",
    "hukou_code": "户籍区划",
    "hukou_address": "户籍地址",
    "since": "居住自",
    "stays_until": "拟住至",
    "stay_reason": "居住事由",
    "lodging": "住所性质",
    "proof": "住所证明",
    "sheet_number": "登记表编号",
    "whereabouts_code": "去向区划",
    "whereabouts": "去向",
    "absence_reason": "离开原因",
    "informant": "提供人",
    "ends_on": "截止日",
    "end_reason": "注销原因",
}

WARNINGS = {
    "id-fifteen-digits": "15 位旧号码，已换算为 18 位，请核对原件",
    "id-division-unknown": "号码前两位不是现行省级代码，请核对原件",
    "id-residence-permit": "港澳台居民居住证号码",
    "passport-foreign-form": "不是中国护照的号码格式，请核对证件种类",
}
"""Doubts about a document that do not block."""


def for_scripts() -> dict[str, Any]:
    """Return all words for the scripts of the pages."""
    return {
        "statuses": STATUSES,
        "tones": TONES,
        "actions": ACTIONS,
        "forms": FORMS,
        "sources": SOURCES,
        "fields": FIELDS,
        "warnings": WARNINGS,
        "options": {
            "sex": {code: words.SEXES[code] for code in ("1", "2", "9")},
            "id_type": words.DOCUMENTS,
            "category": words.CATEGORIES,
            "relation_to_head": RELATIONS,
            "stay_reason": STAY_REASONS,
            "lodging": LODGINGS,
            "proof": PROOFS,
            "end_reason": END_REASONS,
            "absence_reason": ABSENCE_REASONS,
            "informant": INFORMANTS,
        },
    }
