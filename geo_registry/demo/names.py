"""Invented names: places, streets, estates and persons.

Persons' names are drawn part by part from common surnames and common characters; nobody is meant.
"""

from random import Random
from typing import Final

CITY: Final = "澜江市"
DISTRICTS: Final = ("映山区", "澜东区", "澜西区", "青岗区", "云栖岭区", "望湖台区", "白石桥区", "临溪区")
SUBDISTRICT: Final = "望澜街道"
RURAL_TOWN: Final = "柳河镇"
COMMUNITIES: Final = ("石桥", "东渡", "枫林", "北门", "书院", "柳荫")
VILLAGES: Final = ("柳河", "荷塘", "白渡", "湾头")
HAMLETS: Final = ("沈家湾", "荷塘里", "桑园头", "竹林下")

ESTATE_HEADS: Final = (
    "石桥",
    "柳荫",
    "文昌",
    "桂香",
    "梅园",
    "兰亭",
    "书香",
    "集贤",
    "学府",
    "青竹",
    "松涛",
    "丹枫",
    "枫林",
    "听澜",
    "锦澜",
    "望江",
    "河滨",
    "春晖",
    "秋实",
    "晨曦",
    "暮云",
    "清荷",
    "银杏",
    "海棠",
    "玉兰",
    "紫藤",
    "金桂",
    "翠湖",
    "康乐",
    "和顺",
    "安泰",
    "永宁",
)
ESTATE_TAILS: Final = {
    "slab": ("新村", "小区", "苑", "新苑", "里"),
    "old": ("工房", "新村", "里"),
    "tower": ("雅苑", "华庭", "名邸", "公馆"),
}

SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟"
    "姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛"
)
MALE: Final = (
    "伟强磊军洋勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林阳毅航晨轩睿泽翔志文建国德海春永庆荣"
)
FEMALE: Final = "芳娜敏静秀丽艳娟霞燕玲桂英兰婷雪慧莹洁萍红梅琴云倩颖琳欣怡佳璐瑶雯菲岚蓉珍淑凤月春秋巧惠美彩"
MIDDLE: Final = "建国志文晓小家嘉子思玉春秋海云明永新雅雨梦诗一天佳金宝兴德世正光林书景"

FOREIGN_SURNAMES: Final = (
    "AALTORP",
    "BREMSER",
    "CORVANE",
    "DELMONTI",
    "ESKELUND",
    "FARROWAY",
    "GALTIERS",
    "HOLMQUIST",
)
FOREIGN_GIVEN: Final = {
    "1": ("ANTON", "BRUNO", "DAVID", "MIKAEL", "TOMAS"),
    "2": ("ANNA", "ELENA", "LUCIA", "MARTA"),
}

# The i-th surname is about this much rarer than the one before it.
_SURNAME_WEIGHTS: Final = [1 / (4 + rank) for rank in range(len(SURNAMES))]


def surnames(rng: Random, count: int) -> list[str]:
    """Draw surnames, the common ones more often."""
    return rng.choices(SURNAMES, _SURNAME_WEIGHTS, k=count)


def given_name(rng: Random, sex: str) -> str:
    """Draw a given name of one or two characters."""
    last = rng.choice(MALE if sex == "1" else FEMALE)
    middle = rng.choice(MIDDLE) if rng.random() < 0.78 else ""
    return middle + last if middle != last else last


def foreign_name(rng: Random, sex: str) -> str:
    """Draw a name in Latin letters as a passport prints it."""
    return f"{rng.choice(FOREIGN_SURNAMES)} {rng.choice(FOREIGN_GIVEN[sex])}"


def district_name(index: int) -> str:
    """Return the name of the index-th district (from 0)."""
    return DISTRICTS[index] if index < len(DISTRICTS) else f"澜江{index + 1}区"


def estate_names(rng: Random, kind: str) -> list[str]:
    """Return the shuffled estate names of one kind: slab, old or tower."""
    tails = ESTATE_TAILS[kind]
    found = [
        head + tails[(rank + step) % len(tails)]
        for step in range(2)
        for rank, head in enumerate(ESTATE_HEADS)
    ]
    rng.shuffle(found)
    return found
