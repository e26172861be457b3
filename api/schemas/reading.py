"""What the address engine is asked: one text, or a list of them."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from api.deps import Strict
from api.schemas.place import one_of
from geo_registry.address.profile import shipped_profiles
from geo_registry.errors import RuleBroken

LONGEST, MOST, MOST_CHARACTERS = 500, 1000, 50_000
AddressText = Annotated[str, Field(max_length=LONGEST, description="一条地址，按原样传送，至多 500 字")]
ProfileCode = Annotated[
    str | None, one_of(shipped_profiles()), Field(description="按哪种地址体例书写；不填按全国通用体例")
]
Limit = Annotated[int, Field(ge=1, le=20, description="至多几个候选")]


class AsWritten(Strict):
    """Texts are taken as they are: the offsets of parts count their blanks."""

    model_config = ConfigDict(str_strip_whitespace=False)


class StandardizeQuery(AsWritten):
    """A text to read."""

    text: Annotated[AddressText, Field(min_length=1)]
    profile: ProfileCode = None


class MatchQuery(AsWritten):
    """A text to find in the register."""

    text: Annotated[AddressText, Field(min_length=1)]
    limit: Limit = 5


def _bounded(texts: list[str]) -> list[str]:
    # A thousand of the longest would keep a core busy for half a minute.
    if sum(map(len, texts)) > MOST_CHARACTERS:
        raise RuleBroken(
            "list-too-long", f"各条合计至多 {MOST_CHARACTERS} 字，请分几次发送", field="addresses"
        )
    return texts


class TextList(AsWritten):
    """Texts in a body, so that none stands in an address."""

    addresses: Annotated[
        list[AddressText],
        Field(min_length=1, max_length=MOST, description=f"合计至多 {MOST_CHARACTERS} 字"),
        AfterValidator(_bounded),
    ]


class StandardizeList(TextList):
    """Texts to read, answered in their order; an empty one is a reading without parts."""

    profile: ProfileCode = None
