"""Pure rules of rates: intervals, verdicts, classes, weeks, and how large a sample must be.

A count never leaves these functions; whether one may be told at all is decided in `hiding`.
"""

import datetime as dt
import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

RATES = (
    "registration_rate", "accuracy_rate", "unit_capture_rate", "entry_rate", "plate_on_wall_rate",
    "self_check_rate",
)  # fmt: skip
SAMPLED = ("registration_rate", "accuracy_rate")
"""Rates that rest on samples: they carry an interval; the others are full counts."""
OF_PERSONS = ("registration_rate", "accuracy_rate", "entry_rate")
"""Rates that count persons or their papers: small counts of these are hidden."""
FLOOR = 10
TOO_FEW = 30
CLASSES = (85.0, 91.0, 95.0, 99.0)
POOLED_WEEKS = 8
VERDICTS = ("met", "missed", "not_demonstrated", "too_few", "no_data", "no_target")
Good = Literal["at_least", "at_most"]
Method = Literal["wilson_two_sided", "exact_one_sided"]
Z = 1.959964
ALPHA = 0.05


def wilson(k: float, n: float, z: float = Z) -> tuple[float, float]:
    """Return the Wilson score interval of k of n as shares; two-sided 95 % unless `z` says otherwise.

    `n` may be an effective sample size and need not be whole.
    """
    if n <= 0:
        return 0.0, 1.0
    p, z2 = k / n, z * z
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # At the ends the bound is exact; rounding would let a sample without a miss look like a miss.
    low = 0.0 if k <= 0 else max(0.0, centre - half)
    high = 1.0 if k >= n else min(1.0, centre + half)
    return low, high


def at_most_share(k: int, n: int, p: float) -> float:
    """Return the probability of at most k of n when each has probability p (binomial, exact)."""
    if k < 0:
        return 0.0
    if k >= n or p <= 0:
        return 1.0
    if p >= 1:
        return 0.0
    if k > n * p:  # the shorter tail is summed
        return 1.0 - at_most_share(n - k - 1, n, 1 - p)
    term = math.exp(
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        + k * math.log(p) + (n - k) * math.log1p(-p)
    )  # fmt: skip
    total, odds = 0.0, (1 - p) / p
    for i in range(k, -1, -1):
        total += term
        term *= odds * i / (n - i + 1)
        if term < total * 1e-17:
            break
    return min(1.0, total)


def verdict(
    k: float,
    n: float,
    *,
    target_permille: int | None,
    good: Good = "at_least",
    method: Method = "wilson_two_sided",
    is_full: bool = False,
) -> str:
    """Return what k of n says about a target.

    A full count is compared; a sample must lie on one side of the target with its whole interval, and can
    never show that nothing at all is missing.
    """
    if n <= 0:
        return "no_data"
    if not is_full and n < TOO_FEW:
        return "too_few"
    if target_permille is None:
        return "no_target"
    target = target_permille / 1000
    if is_full:
        share = k * 1000 - target_permille * n
        return "met" if (share >= 0 if good == "at_least" else share <= 0) else "missed"
    is_above, is_below = _sides(k, n, target, method)
    reached, failed = (is_above, is_below) if good == "at_least" else (is_below, is_above)
    if failed:
        return "missed"
    is_proof_possible = target < 1 if good == "at_least" else target > 0
    return "met" if reached and is_proof_possible else "not_demonstrated"


def _sides(k: float, n: float, target: float, method: Method) -> tuple[bool, bool]:
    """Tell whether k of n shows that the share is at least the target, and that it is below it."""
    if method == "exact_one_sided":
        hits, size = round(k), round(n)
        chance_above = 1 - at_most_share(hits - 1, size, target)
        return chance_above <= ALPHA, at_most_share(hits, size, target) <= ALPHA
    low, high = wilson(k, n)
    return low >= target, high < target


def class_of(percent: float) -> int:
    """Return the class of a rate: 0 below 85 %, 1 below 91, 2 below 95, 3 below 99, 4 from 99 on."""
    return bisect_right(CLASSES, percent)


def monday(day: dt.date) -> dt.date:
    """Return the Monday of a day's week."""
    return day - dt.timedelta(days=day.weekday())


def planned_size(share: float, margin: float, z: float = 1.96) -> int:
    """Return how many independent draws give a margin of plus or minus `margin` around a share."""
    return math.ceil(z * z * share * (1 - share) / (margin * margin) - 1e-9)


def fewest_hits(n: int, target_permille: int) -> int | None:
    """Return the fewest hits of n that show a share of at least the target, None when no number does."""
    low, high = 0, n
    if verdict(n, n, target_permille=target_permille) != "met":
        return None
    while low < high:
        middle = (low + high) // 2
        if verdict(middle, n, target_permille=target_permille) == "met":
            high = middle
        else:
            low = middle + 1
    return low


def size_for_errors(errors: int, target_permille: int, method: Method = "wilson_two_sided") -> int:
    """Return the smallest sample that, with so many errors, shows a share of at most the target."""
    low = high = errors + 1
    while not _sides(errors, high, target_permille / 1000, method)[1]:
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        if _sides(errors, middle, target_permille / 1000, method)[1]:
            high = middle
        else:
            low = middle + 1
    return low


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate of a sample of dwellings: its share, interval and design effect.

    `effective_n` is the number of independent persons that would tell as much.
    """

    n: int
    k: int
    units: int
    share: float
    effective_n: float
    design_effect: float
    low: float
    high: float


def estimate(*, n: int, k: int, units: int, share: float, variance: float) -> Estimate:
    """Return the rate of a sample of dwellings from its weighted share and the variance of that share.

    Persons of one dwelling resemble each other. Where all were hits, or none, nothing shows how much: then a
    dwelling counts as one draw. A sample is never taken for larger than it is.
    """
    if k in {0, n} or units < 2:
        effective = float(units)
    else:
        effective = min(float(n), share * (1 - share) / variance) if variance > 0 else float(units)
    low, high = wilson(share * effective, effective)
    return Estimate(n, k, units, share, effective, n / effective, low, high)
