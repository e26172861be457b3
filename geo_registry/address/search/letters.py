"""Latin letters in what one types: pinyin, initials, either mixed with characters, words behind figures."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from geo_registry.address.rules import normal_name
from geo_registry.address.scheme import Profile
from geo_registry.text import initials, pinyin, syllables, to_int

# A syllable that many say and type although the dictionaries have another one.
_ALSO = {"弄": ("nong", "n"), "幢": ("zhuang", "z", "chuang", "c")}
_RUN = re.compile(r"(?<=\d)\s*(?P<run>[A-Za-z]+)")
_HEAD = re.compile(r"[^\W\d_]+(?:[\s'’.-]+[^\W\d_]+)*")
_SPELLED = re.compile("[A-Za-z]+")
_COUNTS = "一二三四五六七八九十"
_HAN = re.compile("[一-鿿]+|[^一-鿿]+")


@dataclass(frozen=True, slots=True)
class Lettered:
    """A name typed with letters: as typed, its sound, initials, the characters, and what stood behind it."""

    name: str
    sound: str
    initials: str
    characters: str
    tail: str


def with_words(profile: Profile, text: str) -> str:
    """Return a text with the words behind figures written out: yyl218n6h is yyl218弄6号 by the profile.

    A word follows those before it in the order of the profile. A single capital among characters is a room or
    a building (12A室) and stays.
    """
    # What begins with a figure and holds no character is the beginning of a code.
    if not _RUN.search(text) or (text.isascii() and text[:1].isdecimal()):
        return text
    is_chinese = not text.isascii()
    last = -1

    def written(found: re.Match[str]) -> str:
        nonlocal last
        run = found["run"]
        if not (is_chinese and len(run) == 1 and run.isupper()):
            for place, word in _words(profile).get(run.lower(), ()):
                if place > last:
                    last = place
                    return word
        return found.group()

    return _RUN.sub(written, text)


def read_letters(text: str) -> Lettered | None:
    """Return the name at the front of a text if letters spell it or a piece of it, otherwise None."""
    head = _HEAD.match(text)
    if head is None:
        return None
    name = re.sub(r"[\s'’.-]+", "", head.group())
    runs = _SPELLED.findall(name)
    characters = _SPELLED.sub("", name)
    # 3A座 and B座 are no names, and neither is a capital between characters.
    if not runs or (characters and all(len(run) == 1 and run.isupper() for run in runs)):
        return None
    return Lettered(
        name, _read_aloud(name, pinyin), _read_aloud(name, initials), characters, text[head.end() :].strip()
    )


def spelled(text: str, typed: str) -> tuple[int, int] | None:
    """Return from where to where a text is spelled by letters, maybe mixed with characters: the first place.

    The characters are spelled by their syllables, the last one also by part of it, or all by their first
    letters. Of the two ways, the one that spells more counts: sh is 上海 rather than the beginning of 上.
    """
    sounds, letters = _sounds(text), typed.lower()
    firsts = tuple(tuple(sound[:1] for sound in one) for one in sounds)
    for start in range(len(text) if letters else 0):
        length = max(_spelled_from(text, way, start, letters) for way in (sounds, firsts))
        if length:
            return start, start + length
    return None


def _spelled_from(text: str, sounds: Sequence[Sequence[str]], at: int, letters: str) -> int:
    """Return how many characters from a place on are spelled by all of some letters, 0 for none."""
    if at == len(text):
        return 0
    if any(sound.startswith(letters) for sound in (text[at], *sounds[at])):
        return 1
    for piece in dict.fromkeys((text[at], *sounds[at])):
        if letters.startswith(piece) and (more := _spelled_from(text, sounds, at + 1, letters[len(piece) :])):
            return more + 1
    return 0


@lru_cache(maxsize=4096)
def _sounds(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the sounds of each character, where it stands and alone; a low figure is read as its numeral."""
    found: list[tuple[str, ...]] = []
    for run in _HAN.findall(text):
        inside = syllables(run) if "一" <= run[0] <= "鿿" else run
        for char, sound in zip(run, inside, strict=True):
            read = _COUNTS[int(char) - 1] if char in "123456789" else char
            alone = pinyin(read)
            found.append(tuple(dict.fromkeys((sound, alone, *_ALSO.get(char, ())[::2]))))
    return tuple(found)


def counted_endings(profile: Profile, letters: str) -> Iterator[tuple[str, str]]:
    """Yield how letters may end with a count: minshengdongluwuduan is minshengdonglu and the key of 五段."""
    for sound, key in _endings(profile):
        if letters.endswith(sound) and len(letters) > len(sound) + 1:
            yield letters.removesuffix(sound), key


@lru_cache(maxsize=16)
def _words(profile: Profile) -> dict[str, tuple[tuple[int, str], ...]]:
    """Return the words of the profile's parts by their sound and initials, with the place of the part."""
    found: dict[str, dict[tuple[int, str], None]] = {}
    for place, part in enumerate(profile.parts):
        for word in part.suffixes if part.numbered or place >= len(profile.place_parts) else ():
            for sound in (pinyin(word), initials(word), *_ALSO.get(word, ())):
                if sound.isascii() and sound.isalpha():
                    found.setdefault(sound, {})[place, word] = None
    return {sound: tuple(words) for sound, words in found.items()}


@lru_cache(maxsize=16)
def _endings(profile: Profile) -> tuple[tuple[str, str], ...]:
    """Return the sounds of low counts with the words of numbered parts, the longest first."""
    found: dict[str, str] = {}
    for part in profile.place_parts:
        for count in _COUNTS if part.numbered and part.parents else ():
            word = part.suffixes[0]
            key = normal_name(profile, part.kind, f"{to_int(count)}{word}")
            for sounds in (pinyin, initials):
                found.setdefault(sounds(count) + sounds(word), key)
    return tuple(sorted(found.items(), key=lambda ending: -len(ending[0])))


def _read_aloud(name: str, read: Callable[[str], str]) -> str:
    """Return the letters of a name, its characters read by `read` and its letters as they were typed."""
    pieces = re.findall("[A-Za-z]+|[^A-Za-z]+", name)
    return "".join(piece.lower() if piece.isascii() else read(piece) for piece in pieces)
