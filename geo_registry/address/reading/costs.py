"""What the search pays: for the order of parts, for their writing, for words nobody knows.

All costs are set by hand, in the unit of a natural logarithm: 0 is what an address writes as a rule, 2 what
it does now and then, 5 what it hardly ever does. The tables hold for every profile; what a profile does not
write has no candidates.
"""

from typing import Final

# States: what was read last. The texts stand at the end, one for each class of ending.
STATES: Final = (
    "start", "province", "city", "district", "zone", "township", "community", "neighborhood", "hamlet",
    "group", "street", "section", "lane", "number", "number_open", "building", "entrance", "floor", "room",
    "crossing", "text", "text_estate", "text_market", "text_tower", "text_firm", "text_village",
    "text_area", "rural", "door", "inside",
)  # fmt: skip
STATE: Final = {name: index for index, name in enumerate(STATES)}
TEXT: Final = STATE["text"]
CLASSES: Final = ("", "estate", "market", "tower", "firm", "village", "area")
"""What a text may end with; the rows of texts stand in this order."""

# Columns: what may be read next, by the way it is written.
COLUMNS: Final = (
    "province", "city", "district", "zone", "township", "community", "neighborhood", "hamlet", "group",
    "street", "section", "lane", "number_word", "number_pair", "number_bare", "crossing", "text",
    "building_word", "building_door", "building_bare", "building_letter",
    "entrance_word", "entrance_door", "entrance_street", "entrance_bare",
    "floor_word", "floor_bare", "room_word", "room_door", "room_bare", "room_pair", "end",
)  # fmt: skip
COLUMN: Final = {name: index for index, name in enumerate(COLUMNS)}
FAR: Final = 9.0

_HEAD = (
    "province city district zone township community neighborhood hamlet group street section lane "
    "number crossing text building entrance floor room end"
)
_ORDER = """
start         .3  .8 1.2   3 1.6 3.5   1   5   5 1.8   7   6   6   6 2.2   6   7   7   6 2.5
province       4  .2 1.6   4 3.5   5   7   6   6   4   7   7   7   6 3.2   7   8   8   7   3
city         2.5   4  .3   3 2.6   4   1   6   6 2.8   7   7   7   6 2.3   7   8   8   7   2
district     2.5   3 2.5 2.5  .8 2.6   1   5   5 1.4   6   6 3.5   6 1.6   6   7   7   6   2
zone         2.5   6   5   5 3.5   3   1   5   5  .6   5   5   3   6 1.2   3   6   6   5   2
township     2.5   3   5 3.5   5 1.2   1   4   4   1   5   5 2.5   6 1.2   5   6   6   5   2
community      8   7   6   6   6   4   1   4 1.5 1.4   5   3 1.4   6 1.1   4   6   6   5   1
neighborhood   9   8   7   7   6   5   9   3   3  .5   5   2 1.5   6   2   5   7   7   6   2
hamlet         9   8   7   7   6   5   6   5 1.5   2   5   3  .6   6   2   4   6   6   5   2
group          9   8   7   7   6   5   6   4   5   3   5   4  .5   6 1.6   4   6   6   5  .6
street         8   7   6   5 5.5 4.5   6   6 4.5 2.4  .5 1.5  .2 1.2 1.4 3.5   6   5 4.5 1.5
section        9   8   7   6   6   6   6   6   5 3.5   5   2  .3 1.5 1.6   4   6   6   5 1.5
lane           9   8   7   7   7   6   7   6   5   4   5   2  .2 2.5 1.6   3   5   5   3 1.2
number         9   8   7   5   6   6   7   7   5 4.5   6   4   5   3   1 1.6   4 2.2 1.6  .5
number_open    9   8   7   5   6   6   7   7   5 4.5   6   4   5   3   1 1.6   4 2.2 1.6  .5
building       9   8   7   7   7   7   8   7   6   6   7   6   5   6 1.8   6  .9 1.2  .6 1.2
entrance       9   8   7   7   7   7   8   7   6   6   7   6   6   6 3.3   5   6   2  .4 1.4
floor          9   8   7   7   7   7   8   7   6   6   7   6   6   6  .7   5   4   5  .9  .7
room           9   8   7   7   7   7   8   7   6   6   7   6   6   6 2.2   6   7   5   4  .1
text           8   7   6   4   5   4   1   5   2 3.6   5   4 1.8   6   0 1.2   3 1.2 1.3  .4
text_estate    8   7   6   4   5   4   1   5   2   2   5   4 2.6   6   0  .3 2.5 1.6   1  .4
text_market    8   7   6   4   5   4   6   5   4 1.8   5   4 2.9   6   0   1   2 1.3  .5  .4
text_tower     8   7   6   4   5   4   6   5   4 2.2   5   4   3   6   0 1.3   3  .4  .6  .4
text_firm      8   7   6   4   5   4   1   5   4 2.4   5   4 2.2   6   0 1.4   4 1.2 1.6  .3
text_village   8   7   6   4   5   4   1   5   2 2.4   5   3  .7   6   0  .6   4   2 2.6  .5
crossing       9   9   9   7   7   5   9   6   6 -.5   6   3   6   9 1.5   6   9   9   9   5
text_area      8   7   6   4   5   3   1   5   2 1.3   5   4 2.4   6   0  .5 2.5 1.2 1.4  .4
"""

# How a column is written: added to the cost of the order.
_WRITING = {
    "number_word": -0.5, "number_bare": 1.4, "number_pair": -0.3,
    "building_word": -1.5, "building_door": 1.2, "building_bare": 1.2, "building_letter": 2.0,
    "entrance_word": -1.5, "entrance_door": 1.5, "entrance_bare": 1.0, "entrance_street": 2.0,
    "group": -0.5, "floor_word": -1.5, "floor_bare": 3.0,
    "room_word": -1.2, "room_door": 1.0, "room_bare": 0.3, "room_pair": 4.0,
}  # fmt: skip

# What does not follow from order and writing alone.
_EXCEPTIONS: dict[tuple[str, str], float] = {
    **{(f"text_{name}", "number_bare"): 5.5 for name in ("estate", "market", "tower", "firm", "area")},
    **{(f"text_{name}", "number_pair"): 5.0 for name in ("estate", "market", "tower", "firm", "area")},
    ("text", "number_bare"): 5.5, ("text", "number_pair"): 4.0, ("text_village", "number_bare"): 4.0,
    ("community", "floor_word"): 3.0, ("start", "number_word"): 3.0, ("building", "number_pair"): 8.0,
    ("number", "number_word"): 5.5, ("number_open", "number_word"): 6.0,
    ("number", "building_door"): 1.8, ("number_open", "building_door"): 1.0, ("street", "building_door"): 6.0,
    ("number_open", "building_bare"): 0.8, ("street", "building_bare"): 6.0,
    ("text_estate", "building_door"): 0.8, ("text_area", "building_door"): 0.6,
    ("text_market", "building_door"): 3.0, ("building", "building_door"): 6.0,
    ("building", "entrance_door"): 0.7, ("building", "entrance_bare"): 1.3,
    ("text", "entrance_street"): 0.8,
    ("entrance", "entrance_street"): 0.0,
    ("floor", "entrance_street"): -0.5, ("building", "entrance_street"): 0.5,
    ("text_market", "entrance_street"): -0.5, ("text_area", "entrance_street"): -0.5,
    ("building", "room_door"): 1.6, ("text_market", "room_door"): 1.0, ("entrance", "room_door"): 1.5,
    ("floor", "room_door"): 0.9, ("street", "room_door"): 6.5, ("number", "room_door"): 2.8,
    ("number_open", "room_door"): 2.8, ("number_open", "room_bare"): 2.4,
    ("entrance", "room_pair"): -0.6, ("floor", "room_pair"): 0.8,
}  # fmt: skip


def _rows() -> list[list[float]]:
    names = _HEAD.split()
    table: dict[str, list[float]] = {}
    for line in _ORDER.strip().splitlines():
        state, *figures = line.split()
        base = dict(zip(names, map(float, figures), strict=True))
        table[state] = [
            _EXCEPTIONS.get((state, column), base[column.split("_")[0]] + _WRITING.get(column, 0.0))
            for column in COLUMNS
        ]
    return [table[state] for state in STATES if state in table]


ROWS: Final = _rows()
"""What comes next costs `ROWS[state][column]`."""

# Running text behind a village, behind a door number, behind a building: what may follow differs.
_RURAL = {"number_word": -1.2, "number_bare": -2.0, "building_door": 0.4}
_DOOR = {"number_word": 1.5, "number_bare": 2.0, "number_pair": 1.5, "street": 1.0}
_INSIDE = {
    "number_word": 4.0, "number_bare": 4.0, "number_pair": 3.0, "street": 2.0, "township": 2.0,
    "community": 2.0, "district": 2.0, "room_door": -1.0, "building_door": 1.0,
}  # fmt: skip


def _text_rows(extra: dict[str, float]) -> list[list[float]]:
    texts = ROWS[TEXT : TEXT + len(CLASSES)]
    return [
        [cost + extra.get(column, 0.0) for column, cost in zip(COLUMNS, row, strict=True)] for row in texts
    ]


TEXT_ROWS: Final = {
    TEXT: _text_rows({}),
    STATE["rural"]: _text_rows(_RURAL),
    STATE["door"]: _text_rows(_DOOR),
    STATE["inside"]: _text_rows(_INSIDE),
}
"""What comes next behind a running text, by its state and the class of its ending."""
TEXT_BEHIND: Final = {
    **dict.fromkeys((STATE["community"], STATE["hamlet"], STATE["group"]), STATE["rural"]),
    STATE["number"]: STATE["door"],
    STATE["number_open"]: STATE["door"],
    **dict.fromkeys((STATE[name] for name in ("building", "entrance", "floor", "room")), STATE["inside"]),
}
"""The state of the running text that begins behind a state, where it is not the plain one."""

# A name nobody knows: what it costs when it begins with what ends another one (区文三路), or holds such a
# word (越城区东街), and by the number of characters before its generic word.
TORN: Final = 2.5
SWALLOWED: Final = 2.5
NEAR: Final = 1.0
"""Of a name that begins with 近, which may be a word before the name: 近柳营路, but 近江路."""
STREET_LENGTH: Final = (5.0, 1.3, 0.3, 0.8, 3.3, 5.4, 7.5)
CITY_LENGTH: Final = (9.0, 9.0, 2.4, 3.2, 5.0)
DISTRICT_LENGTH: Final = (9.0, 4.5, 2.6, 3.4, 5.0, 6.0)
TOWNSHIP_LENGTH: Final = (9.0, 3.0, 0.95, 1.6, 3.4, 5.0)
COMMUNITY_LENGTH: Final = (9.0, 3.0, 0.8, 1.0, 2.2, 3.6)
GROUP_LENGTH: Final = (9.0, 3.0, 1.0, 1.5, 3.0)
ZONE_LENGTH: Final = (0.6, 2.0, 1.0, 2.0, 2.0, 3.0, 4.0, 5.0)
HOPELESS: Final = 6.5
"""What costs more is not looked at."""

# A known name by the way it is spelled: full, short, former, changed generic word, alias.
WAYS: Final = (0.0, 0.4, 0.6, 0.6, 0.5)

# Running text: each character of a name nobody knows; words of other parts are rare in it.
TEXT_CHARACTER: Final = 0.75
TEXT_CHARACTERS: Final = {
    **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0.9), **dict.fromkeys("0123456789", 2.2),
    "路": 2.7, "街": 2.5, "巷": 1.6, "弄": 1.8, "号": 3.0, "镇": 2.8, "县": 1.6, "省": 2.0, "幢": 3.0,
    "栋": 3.0, "村": 1.2, "乡": 2.0, "层": 1.5, "室": 1.2, "组": 1.2,
}  # fmt: skip

# A known name and the places before it, by level (province, city, district, zone, township, community):
# nothing known before it; it lies in what is known; it does not, or only beside it; it repeats.
ALONE: Final = (0.0, 0.0, 0.0, 0.5, 0.3, 1.0)
ALONE_SHORT: Final = (0.0, 0.0, 0.2, 3.0, 1.0, 4.0)
WITHIN: Final = (-0.8, -0.8, -0.8, -0.5, -0.8, -0.6)
WITHIN_SHORT: Final = (-0.5, -0.5, -0.3, 0.5, -0.5, 0.3)
ALONE_NAME: Final = -1.0
WITHIN_NAME: Final = -1.4
OUTSIDE: Final = (3.0, 2.4, 2.2, 3.0, 3.2, 3.2)
OUTSIDE_SHORT: Final = 7.0
BESIDE: Final = 1.5
REPEATED: Final = 1.0
REPEATED_SHORT: Final = 1.8
LATER_TABLE: Final = 0.2
"""Of a name in the second table and on: the registry's own names stand in the first."""

# A name in short before what belongs to it or to another name: 滨江|区, 长河|路, 柯桥|联合市场; a township in
# full before the word of a park: 仁和镇|工业区.
BEFORE_TITLE: Final = 2.5
BEFORE_STREET: Final = 4.5
BEFORE_ENDING: Final = (1.2, 1.2, 1.5, 1.5, 3.2, 3.5)
BEFORE_ENDING_FULL: Final = 1.5
