"""Other ways of asking for what was not found as written: one certain correction each."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from geo_registry.address.matching.keys import Ask, Asked
from geo_registry.address.scheme import Profile
from geo_registry.db import Session
from geo_registry.text import normal_key


def variants_of(session: Session, profile: Profile, asked: Asked, known: AbstractSet[str]) -> Iterator[Ask]:
    """Yield ways of asking with names spelled as the registry has them; the text's own way comes first.

    A name whose key is among `known` exists as written: another one for it is no certain correction.
    """
    yield from asked.asks


def whole_names(asked: Asked) -> list[tuple[str, Ask]]:
    """Return the keys under which a door or building may stand as a former or common name of its own.

    A former address is kept as it was written, with the divisions the profile writes; of those a text
    may have more or fewer. A building goes by its name alone, with a unit behind it.
    """
    found: dict[str, Ask] = {}
    for ask in asked.asks:
        names = "".join(name.text for name in ask.names)
        number = ask.door.text if ask.door else ""
        areas = [text for _, text in asked.areas]
        for start in range(len(areas) + 1):
            for until in range(start, len(areas) + 1):
                found.setdefault(normal_key("".join(areas[start:until]) + names + number), ask)
        if names and (ask.door is None or not ask.door.number):
            found.setdefault(normal_key(names), ask)
    return [(key, ask) for key, ask in found.items() if key]
