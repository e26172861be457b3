"""Definitions of the registration forms: which item stands in which form, who must give it, what it may say.

Three forms capture residence, one changes and ends it. A form is data with a version: a case names the
version it was entered under, and a changed definition is a new version beside the old one.
"""

from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from geo_registry.errors import NotFound

Kind = Literal["text", "date", "choice", "document", "phone", "unit", "division"]
Options = tuple[tuple[str, str], ...]

SEXES: Final[Options] = (("1", "男"), ("2", "女"))
DOCUMENTS: Final[Options] = (
    ("111", "居民身份证"),
    ("113", "户口簿"),
    ("414", "护照"),
    ("511", "台湾居民来往大陆通行证"),
    ("516", "港澳居民来往内地通行证"),
    ("553", "外国人永久居留身份证"),
    ("990", "其他证件"),
)
CATEGORIES: Final[Options] = (
    ("local_hukou", "本市户籍"),
    ("incomer", "外来人员"),
    ("lodger", "寄住"),
    ("unsettled", "未落户常住"),
    ("overseas", "境外人员"),
)
RELATIONS: Final[Options] = (
    ("0", "本人（户主）"),
    ("1", "配偶"),
    ("2", "子"),
    ("3", "女"),
    ("4", "孙子女、外孙子女"),
    ("5", "父母"),
    ("6", "祖父母、外祖父母"),
    ("7", "兄弟姐妹"),
    ("8", "其他"),
)
STAY_REASONS: Final[Options] = (
    ("work", "务工"),
    ("business", "经商"),
    ("study", "求学"),
    ("family", "投靠亲友"),
    ("tourism", "旅游"),
    ("other", "其他"),
)
LODGINGS: Final[Options] = (
    ("own", "自有"),
    ("rented", "租赁"),
    ("dormitory", "宿舍"),
    ("kin", "亲友家"),
    ("other", "其他"),
)
PROOFS: Final[Options] = (
    ("title", "产权证"),
    ("public_lease", "公房租赁凭证"),
    ("rental_filing", "租赁备案"),
    ("contract", "租赁合同"),
    ("dormitory_letter", "单位或学校住宿证明"),
    ("kinship", "亲属产权及亲属关系证明"),
    ("other", "其他"),
)
ABSENCE_REASONS: Final[Options] = (
    ("work", "务工"),
    ("study", "求学"),
    ("family", "投靠亲友"),
    ("housing", "另有住房"),
    ("abroad", "出国（境）"),
    ("other", "其他"),
)
INFORMANTS: Final[Options] = (
    ("self", "本人"),
    ("family", "家属"),
    ("neighbour", "邻居"),
    ("committee", "居（村）委会"),
    ("landlord", "房东"),
)
END_REASONS: Final[Options] = (
    ("left_area", "离开本市"),
    ("moved_within_city", "市内迁移"),
    ("duplicate", "重复登记"),
    ("wrong", "登记有误"),
    ("false_entry", "虚假登记"),
    ("deceased", "死亡"),
    ("military_service", "参军"),
    ("settled_abroad", "出国（境）定居"),
    ("became_local", "落户本市"),
    ("merged_division", "区划合并"),
)
YES: Final[Options] = (("0", "否"), ("1", "是"))


@dataclass(frozen=True, slots=True)
class Item:
    """登记项目: one item of a form; `needed` names acts that cannot do without, `actions` those it is for.

    Of two items that stand for each other (`instead`) one is enough.
    """

    name: str
    title: str
    kind: Kind
    needed: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    options: Options = ()
    help: str = ""
    instead: str | None = None
    most: int = 60


@dataclass(frozen=True, slots=True)
class Form:
    """登记表: one version of one form."""

    form: str
    version: int
    title: str
    actions: tuple[str, ...]
    items: tuple[Item, ...]

    def item(self, name: str, action: str) -> Item | None:
        """Return the item of a name that the form has for an act."""
        return next((one for one in self.items if one.name == name and action in one.actions), None)

    def required(self, action: str) -> list[list[str]]:
        """Return groups of names for an act: of each group at least one must be given."""
        needed = (one for one in self.items if action in one.needed)
        return [[one.name, one.instead] if one.instead else [one.name] for one in needed]


_IDENTITY = (
    Item("name", "姓名", "text"),
    Item("sex", "性别", "choice", options=SEXES, help="身份证号码能判断时不必填"),
    Item("birth", "出生年月", "date", help="YYYY-MM；身份证号码能判断时不必填"),
    Item("id_type", "证件种类", "choice", options=DOCUMENTS),
    Item("id_number", "证件号码", "document", most=40),
)
_PHONE = Item("phone", "联系电话", "phone", most=20)
_HUKOU = (
    Item("hukou_unit_id", "户籍户室（本地）", "unit", instead="hukou_code"),
    Item("hukou_code", "户籍所在区划代码", "division", help="6 位或 12 位行政区划代码", most=12),
    Item("hukou_address", "户籍地址", "text", help="区划以下的地址", most=120),
)
_CATEGORY = Item("category", "人员类别", "choice", options=CATEGORIES)
_RELATION = Item("relation_to_head", "与户主关系", "choice", options=RELATIONS)
_STAY = (
    Item("stays_until", "拟居住至", "date"),
    Item("stay_reason", "居住事由", "choice", options=STAY_REASONS),
    Item("lodging", "住所类型", "choice", options=LODGINGS),
    Item("proof", "住所证明", "choice", options=PROOFS),
)
_SHEET = Item("sheet_number", "纸质登记表编号", "text", most=40)
_SERVING = Item(
    "serving", "现役军人、武警", "choice", options=YES, help="现役军人、武警不作居住登记；本项不保存"
)


def _for(actions: tuple[str, ...], needed: frozenset[str], *items: Item) -> tuple[Item, ...]:
    return tuple(
        replace(one, actions=actions, needed=actions if one.name in needed else one.needed) for one in items
    )


_NEW = ("register",)
_LATER = ("change", "cancel", "renew", "correct")
_CHANGED = ("change", "correct")
_ENDED = ("cancel", "correct")
_DOCUMENT = frozenset({"name", "id_type", "id_number", "since"})

INCOMER: Final = Form(
    "incomer_registration", 1, "来沪（外来）人员居住登记表", _NEW,
    _for(
        _NEW, _DOCUMENT | {"category", "relation_to_head", "hukou_unit_id", "stay_reason", "lodging"},
        *_IDENTITY, _PHONE, replace(_CATEGORY, options=CATEGORIES[1:]), _RELATION, *_HUKOU,
        Item("since", "来本住所日期", "date"), *_STAY, _SERVING, _SHEET,
    ),
)  # fmt: skip
RESIDENT: Final = Form(
    "resident_not_registered_here", 1, "人在户不在登记表", _NEW,
    _for(
        _NEW, _DOCUMENT | {"category", "relation_to_head", "hukou_unit_id", "stay_reason", "proof"},
        *_IDENTITY, _PHONE, replace(_CATEGORY, options=CATEGORIES[:1]), _RELATION, *_HUKOU,
        Item("since", "居住起始日期", "date"), *_STAY, _SERVING, _SHEET,
    ),
)  # fmt: skip
AWAY: Final = Form(
    "registered_not_resident", 1, "户在人不在登记表", _NEW,
    _for(
        _NEW, _DOCUMENT | {"absence_reason", "informant"},
        *_IDENTITY, _PHONE, Item("since", "离开日期", "date"),
        Item("whereabouts_code", "去向区划代码", "division", help="去向不明时不填", most=12),
        Item("whereabouts", "去向", "text", help="去向不明时不填", most=120),
        Item("absence_reason", "离开原因", "choice", options=ABSENCE_REASONS),
        Item("informant", "提供人", "choice", options=INFORMANTS), _SHEET,
    ),
)  # fmt: skip
_CHANGE_1: Final = Form(
    "change_cancel", 1, "居住登记变更、注销表", _LATER,
    (
        Item("residence_id", "居住登记", "unit", actions=_LATER),
        *_for(_LATER, frozenset(), *_IDENTITY),
        *_for(("change", "renew", "correct"), frozenset(), _PHONE, *_HUKOU, *_STAY),
        *_for(_CHANGED, frozenset(), _CATEGORY, _RELATION),
        Item("since", "变更（更正后的起始）日期", "date", ("change",), _CHANGED),
        Item("ends_on", "终止日期", "date", ("cancel",), ("cancel", "correct")),
        Item("end_reason", "注销原因", "choice", ("cancel",), ("cancel",), END_REASONS),
        *_for(_LATER, frozenset(), _SHEET),
    ),
)  # fmt: skip
# Why a residence ended can be put right too: somebody taken for dead has only left.
CHANGE: Final = replace(
    _CHANGE_1, version=2,
    items=tuple(
        replace(one, actions=_ENDED, help="更正时只能改为离开本市、市内迁移、落户或区划合并")
        if one.name == "end_reason" else one
        for one in _CHANGE_1.items
    ),
)  # fmt: skip
DEFINITIONS: Final = (INCOMER, RESIDENT, AWAY, _CHANGE_1, CHANGE)
"""Every version of every form; the last one of a form is entered today."""


def current_forms() -> list[Form]:
    """Return the version of each form that is entered today, in their order."""
    return list({one.form: one for one in DEFINITIONS}.values())


def form_of(name: str, version: int | None = None) -> Form:
    """Return a form in a version, by default today's.

    Raises:
        NotFound: there is no such form.

    """
    for one in reversed(DEFINITIONS):
        if one.form == name and version in (None, one.version):
            return one
    raise NotFound("form-unknown", "没有这种登记表，请从登记表目录中选择")


def described(form: Form) -> dict[str, Any]:
    """Return a form as the interface tells it."""
    return {
        "form": form.form, "version": form.version, "title": form.title, "actions": list(form.actions),
        "fields": [
            {
                "name": one.name, "title": one.title, "required": one.needed == one.actions,
                "required_for": list(one.needed), "actions": list(one.actions), "kind": one.kind,
                "options": [list(pair) for pair in one.options], "help": one.help, "instead": one.instead,
            }
            for one in form.items
        ],
    }  # fmt: skip


def schema_of(form: Form) -> dict[str, Any]:
    """Return a form as a JSON schema (2020-12) of one person's sheet."""
    always = [one for one in form.items if one.needed and one.needed == form.actions]
    alternatives = [
        {"anyOf": [{"required": [one.name]}, {"required": [one.instead]}]} for one in always if one.instead
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/v1/registration-forms/{form.form}/schema",
        "$comment": f"version {form.version}",
        "title": form.title,
        "type": "object",
        "properties": {one.name: _property(one) for one in form.items},
        "required": [one.name for one in always if not one.instead],
        "additionalProperties": False,
        **({"allOf": alternatives} if alternatives else {}),
    }


def _property(item: Item) -> dict[str, Any]:
    shown = {"title": item.title, "type": "string", **({"description": item.help} if item.help else {})}
    if item.kind == "choice":
        return {**shown, "oneOf": [{"const": code, "title": title} for code, title in item.options]}
    if item.kind == "date":
        return {
            **shown,
            "pattern": r"^\d{4}-\d{2}(-\d{2})?$" if item.name == "birth" else r"^\d{4}-\d{2}-\d{2}$",
        }
    if item.kind == "unit":
        return {**shown, "format": "uuid"}
    if item.kind == "division":
        return {**shown, "pattern": r"^(\d{6}|\d{12})$"}
    return {**shown, "minLength": 1, "maxLength": item.most}
