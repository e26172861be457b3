"""How a division is written: in full, in short, without minority names, with other generic words."""

import re
from typing import Final

from geo_registry.gazetteer.table import (
    CITY,
    COMMUNITY,
    DEVELOPMENT_ZONE,
    DISTRICT,
    FULL,
    PROVINCE,
    SHORT,
    TOWNSHIP,
    VARIANT,
)  # fmt: skip

Spelling = tuple[str, int]
"""A spelling and the way it names the place."""

_PEOPLES: Final = (
    "蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|高山|拉祜|水|东乡|纳西|景颇|柯尔克孜|土|"
    "达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|阿昌|普米|塔吉克|怒|乌孜别克|俄罗斯|鄂温克|德昂|保安|裕固|京|塔塔尔|独龙|鄂伦春|"
    "赫哲|门巴|珞巴|基诺|各"
)
_LONG_PEOPLES: Final = "|".join(people for people in _PEOPLES.split("|") if len(people) > 1)
_MINORITIES: Final = re.compile(f"(?<=..)(?:(?:{_PEOPLES})族|{_LONG_PEOPLES})+$")
_MINORITY_TOWN: Final = re.compile(r"(?:(?:少数)?民族|族)(?=[乡镇]$)")
_PROVINCE: Final = re.compile(r"(特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区|省|市)$")
_CITY: Final = re.compile(r"(自治州|地区|市|盟)$")
_DISTRICT: Final = re.compile(r"(自治县|自治旗|县|市|区|旗|林区|特区)$")
_BANNER: Final = re.compile(r"(?<=.)[^左右前后中]*?([左右前后中])(?:翼)?([前后中])?旗$")
_TOWNSHIP: Final = re.compile(r"(街道办事处|街道办|街道|地区办事处|地区|办事处|镇|乡|苏木)$")
_COMMUNITY: Final = re.compile(
    r"^(.+?)(?:(社区)(?:居民委员会|居民居委会|居委会|村民委员会|村委会)?|(村)(?:村民委员会|村委会|民委员会)?|"
    r"(嘎查)(?:村?委员会|村委会)?|(居民委员会|居委会)|(村民委员会|村委会))$"
)
_GENERIC: Final = re.compile(r"^(?:.?[路街巷弄里村乡镇区道]|街道|社区|居民|村民|.?(?:大道|大街|新村|小区))$")
_BRACKETS: Final = re.compile(r"[（(][^（()）]*[)）]")

ZONE: Final = re.compile(
    r"(开发区|开发新区|高新区|园区|示范区|保税区|保税港区|工业区|度假区|产业园|科技园|工业园|物流园|创业园|产业基地|"
    r"管理区|合作区|经济区|试验区|实验区|集中区|集聚区|功能区|风景名胜区|风景区|旅游区|新区|新城|科技城|生态城|产业城|管委会)$"
)
"""The endings of what is no division but is listed among them."""
_ZONE_ALIKE: Final = {
    "经济技术开发区": ("经济开发区", "开发区", "经开区", "经济技术开发区管委会"),
    "经济开发区": ("经济技术开发区", "开发区", "经开区"),
    "高新技术产业开发区": ("高新区", "高新技术开发区", "高新技术产业园区", "高新开发区"),
    "高新技术开发区": ("高新区", "高新技术产业开发区", "高新开发区"),
    "高新技术产业园区": ("高新区", "高新园区", "高新技术产业开发区"),
    "高新技术产业园": ("高新区", "高新技术产业园区"),
    "开发区": ("经济开发区", "经济技术开发区"),
    "高新区": ("高新技术产业开发区", "高新技术开发区"),
}


def usual_name(name: str, level: int) -> str:
    """Return the name that addresses use: a community without its committee, all without brackets."""
    name = _BRACKETS.sub("", name) or name
    if level != COMMUNITY or not (parts := _COMMUNITY.match(name)):
        return name
    stem, estate, village, gacha, residents, villagers = parts.groups()
    if residents:
        return name
    if stem.endswith("大队"):
        return stem
    return stem + (estate or village or gacha or "村" if villagers or estate or village or gacha else "")


def spellings(name: str, level: int) -> list[Spelling]:
    """Return the spellings of a division with the way each names it; the full name first."""
    name = _BRACKETS.sub("", name) or name
    return [(name, FULL), *_RULES[level](name)]


def short_name(name: str, level: int) -> str:
    """Return the name without its generic word, the name itself when nothing would be left to know it by."""
    return next((text for text, way in spellings(name, level) if way == SHORT), name)


def _province(name: str) -> list[Spelling]:
    stem = _PROVINCE.sub("", name)
    extra = [(f"{stem}省", VARIANT)] if name.endswith("自治区") else []
    extra += [(f"{stem}自治区", VARIANT)] if name.endswith(("族自治区", "维吾尔自治区")) else []
    return [(stem, SHORT), *extra] if stem != name else extra


def _city(name: str) -> list[Spelling]:
    stem = _CITY.sub("", name)
    if stem == name:
        return []
    if not name.endswith("自治州"):
        return [(stem, SHORT)]
    stem = _without_peoples(stem)
    return [(stem, SHORT), (f"{stem}州", SHORT), (f"{stem}自治州", VARIANT)]


def _district(name: str) -> list[Spelling]:
    if ZONE.search(name):
        return _zone(name)
    kind = _DISTRICT.search(name)
    if not kind:
        return []
    stem, found = name[: kind.start()], list[Spelling]()
    if kind[1] in {"自治县", "自治旗"}:
        stem = _without_peoples(stem)
        found = [(stem + kind[1][-1], SHORT), (stem + kind[1], VARIANT)]
    if banner := _BANNER.search(name):
        return [(name[: banner.start()] + banner[1] + (banner[2] or "") + "旗", SHORT), *found]
    if len(stem) < 2:
        return found
    others = [
        (stem + word, VARIANT) for word in ("区", "市", "县") if kind[1] in "区市县自治县" and word != kind[1]
    ]
    return [(stem, SHORT), *found, *others]


def _without_peoples(stem: str) -> str:
    """Return a name without the peoples it ends with; that of 东乡族自治县 is 东乡."""
    return _MINORITIES.sub("", stem).removesuffix("族")


def _zone(name: str) -> list[Spelling]:
    found = (
        [(re.sub(r"(管理委员会|管委会)$", "", name), SHORT)]
        if name.endswith(("管委会", "管理委员会"))
        else []
    )
    for word, others in _ZONE_ALIKE.items():
        if name.endswith(word):
            return [*found, *((name.removesuffix(word) + other, VARIANT) for other in others)]
    return found


def _township(name: str) -> list[Spelling]:
    kind = _TOWNSHIP.search(name)
    if not kind:
        return []
    word, stem, found = kind[1], name[: kind.start()], list[Spelling]()
    if minority := _MINORITY_TOWN.search(name):
        stem = _without_peoples(f"{name[: minority.start()]}族")
        found = [(stem + word, SHORT)]
    if len(stem) < 2:
        return found
    words = _TOWN_WORDS.get(word, _TOWN_WORDS["办事处"])
    return [(stem, SHORT), *found, *((stem + other, VARIANT) for other in words if other != word)]


_TOWN_WORDS: Final = {
    "街道": ("街道办事处", "街道办", "街办", "街办事处", "办事处", "镇", "乡"),
    "镇": ("街道", "街道办事处", "街道办", "乡"),
    "乡": ("镇", "街道", "街道办事处"),
    "地区": ("乡", "镇", "街道", "地区办事处", "街道办事处"),
    "苏木": ("镇", "乡"),
    "办事处": ("街道", "街道办事处", "街道办", "办事处", "镇"),
}


def _community(name: str) -> list[Spelling]:
    parts = _COMMUNITY.match(name)
    if not parts:
        return []
    stem, estate, _, gacha, residents, _ = parts.groups()
    words: tuple[str, ...]
    short = [(stem, SHORT)] if len(stem) > 1 and not _GENERIC.search(stem) else []
    if gacha:
        return [*short, (f"{stem}嘎查", FULL), (f"{stem}村", VARIANT)]
    if estate:
        words = ("社区", "居委会", "社区居委会", "村")
    elif residents:
        words = ("居委会", "社区", "居民委员会", "社区居委会", "村")
    else:
        words = ("村", "村委会", "村委", "村民委员会", "村村委会", "行政村", "社区")
    first = VARIANT if residents or stem.endswith("大队") else FULL
    ways = (FULL if residents else first, *(VARIANT for _ in words[1:]))
    return [*short, *((stem + word, way) for word, way in zip(words, ways, strict=True))]


_RULES: Final = {
    PROVINCE: _province, CITY: _city, DISTRICT: _district, DEVELOPMENT_ZONE: _zone,
    TOWNSHIP: _township, COMMUNITY: _community,
}  # fmt: skip
