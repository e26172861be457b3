"""Draw many samples from known towns: the interval holds the true share about 95 times in 100."""

import numpy as np
import pytest

from geo_registry.measure.rules import estimate, verdict, wilson

DRAWS = 10_000


def covered(n: int, truth: np.ndarray) -> float:
    """Return the share of samples of n whose interval holds the truth they were drawn from."""
    drawn = np.random.default_rng(20261122).binomial(n, truth)
    low, high = np.array([wilson(k, n) for k in range(n + 1)])[drawn].T
    return float(np.mean((low <= truth) & (truth <= high)))


@pytest.mark.parametrize(("n", "p"), [(787, 0.91), (457, 0.95), (300, 0.91), (150, 0.5), (1_258, 0.97)])
def test_the_interval_covers_the_truth(n: int, p: float) -> None:
    assert 0.94 <= covered(n, np.full(DRAWS, p)) <= 0.965


@pytest.mark.parametrize("n", [30, 60, 100, 150, 300, 787, 2_000])
def test_the_interval_covers_the_truth_whatever_it_is(n: int) -> None:
    """Counts are whole: at a single share the cover swings by some points around 95 %, over many it holds."""
    assert 0.94 <= covered(n, np.random.default_rng(3).uniform(0.7, 0.99, DRAWS)) <= 0.965
    worst = min(covered(n, np.full(2_000, p)) for p in np.linspace(0.7, 0.95, 26))
    assert worst > 0.915


@pytest.mark.parametrize(("truth", "most"), [(0.91, 0.03), (0.90, 0.005), (0.88, 0.0)])
def test_a_town_below_its_target_is_seldom_said_to_meet_it(truth: float, most: float) -> None:
    drawn = np.random.default_rng(7).binomial(787, truth, DRAWS)
    met = sum(verdict(int(k), 787, target_permille=910) == "met" for k in drawn)
    assert met / DRAWS <= most


def dwellings(chance: np.random.Generator, likeness: float) -> tuple[np.ndarray, np.ndarray]:
    """Return persons and registered persons of 250 dwellings; some register as a whole, 91 % in the mean."""
    persons = chance.integers(1, 6, 250)
    whole = chance.random(250) < likeness
    together = persons * (chance.random(250) < 0.91)
    return persons, np.where(whole, together, chance.binomial(persons, 0.91))


def interval(n: np.ndarray, k: np.ndarray) -> tuple[float, float]:
    """Return the interval of a sample of dwellings of equal weight, as the database sums it up."""
    share = k.sum() / n.sum()
    rest = k - share * n
    variance = len(n) / (len(n) - 1) * float((rest**2).sum() - rest.sum() ** 2 / len(n)) / float(n.sum()) ** 2
    found = estimate(n=int(n.sum()), k=int(k.sum()), units=len(n), share=float(share), variance=variance)
    return found.low, found.high


@pytest.mark.parametrize("likeness", [0.0, 0.5, 1.0])
def test_the_interval_of_dwellings_covers_the_truth_however_alike_they_are(likeness: float) -> None:
    chance = np.random.default_rng(11)
    held = naive = 0
    for _ in range(3_000):
        n, k = dwellings(chance, likeness)
        low, high = interval(n, k)
        held += low <= 0.91 <= high
        low, high = wilson(int(k.sum()), int(n.sum()))
        naive += low <= 0.91 <= high
    assert 0.93 <= held / 3_000 <= 0.98
    if likeness == 1.0:
        # As if persons had been drawn, the interval would be far too narrow.
        assert naive / 3_000 < 0.85
