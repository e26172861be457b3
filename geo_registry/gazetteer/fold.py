"""Fold a text for comparison, character by character: the answer has the length of the text.

Offsets found in the folded text are offsets of the text as it was written.
"""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from geo_registry.text import normal_key

if TYPE_CHECKING:
    from opencc import OpenCC

# Variants that the tables of script conversion keep apart, because they are no traditional forms.
_VARIANTS = dict(zip("巿邨衖亙陞堃甯濬潄", "市村弄亘升坤宁浚漱", strict=True))
_BLANK = " "
_MEANINGLESS = frozenset({"Co", "Cn"})
# Half of a surrogate pair is no text: what is asked for with it cannot be encoded.
_UNREADABLE = "\ufffd"


class _Folds(dict[int, str]):
    """The fold of each character, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = _fold_character(char)
        # A million code points mean nothing: to remember them would only take room.
        if unicodedata.category(char) not in _MEANINGLESS:
            self[code] = folded
        return folded


_FOLDS = _Folds()


def fold(text: str) -> str:
    """Return a text of the same length in one width, one script and one case; blanks for what is invisible.

    Full-width letters, traditional characters, variants and dashes take one form. Folding twice changes
    nothing.
    """
    return text.translate(_FOLDS)


def _fold_character(char: str) -> str:
    """Return the one character that a character is compared by."""
    while True:
        folded = _step(char)
        if folded == char:
            return char
        char = folded


def _step(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cs":
        # Half a character is none: no table can hold it.
        return _BLANK
    if category in _MEANINGLESS:
        return char
    plain = normal_key(char)
    if not plain:
        return _BLANK
    if len(plain) > 1:
        return char
    plain = _VARIANTS.get(plain, plain)
    if plain.isascii():
        return plain
    simple = _converter().convert(plain)
    return simple if len(simple) == 1 else plain


@cache
def _converter() -> "OpenCC":
    # Loaded on first use: a command that reads no address does not need it.
    from opencc import OpenCC

    return OpenCC("t2s")
