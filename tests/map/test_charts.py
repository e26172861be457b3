"""The drawings of figures: positions, ends of the axis, nothing but numbers."""

import re
import xml.etree.ElementTree as ET

import pytest
from markupsafe import Markup

from web_map.charts import Axis, axis_of, progress, strip

AXIS = Axis(80.0, 100.0)


def parts(drawing: Markup) -> dict[str, dict[str, str]]:
    """Return the attributes of each part by its class, with the place of a nested drawing."""
    found: dict[str, dict[str, str]] = {}
    for holder in ET.fromstring(drawing).iter():  # noqa: S314  (our own drawing)
        for part in holder:
            if name := part.get("class"):
                found[name] = dict(part.attrib) | (
                    {"at": holder.get("x", "")} if holder.get("overflow") else {}
                )
    return found


def test_a_sampled_rate_is_a_dot_on_its_interval_beside_the_target() -> None:
    drawn = parts(strip(91.3, axis=AXIS, interval=(89.1, 93.1), target=91.0))
    assert drawn["strip-dot"]["cx"] == "56.5%"
    assert (drawn["strip-interval"]["x"], drawn["strip-interval"]["width"]) == ("45.5%", "20.0%")
    assert drawn["strip-target"]["at"] == "55.0%"
    assert "strip-full" not in drawn


def test_a_full_count_is_a_filled_bar_without_interval() -> None:
    drawn = parts(strip(96.8, axis=AXIS, target=100.0))
    assert drawn["strip-full"]["width"] == "84.0%"
    assert drawn["strip-target"]["at"] == "100.0%"
    assert "strip-interval" not in drawn


def test_a_value_below_the_axis_is_an_arrow_at_its_end() -> None:
    drawn = parts(strip(62.0, axis=AXIS, interval=(51.0, 72.0), target=None))
    assert "cx" not in drawn["strip-dot"]
    assert drawn["strip-dot"]["d"].startswith("M-1")
    assert drawn["strip-interval"]["width"] == "0.0%"


@pytest.mark.parametrize(
    ("percents", "low"),
    [
        ([91.0, 99.0], 80.0),
        ([80.0], 80.0),
        ([79.9, 99.0], 50.0),
        ([12.0, None], 0.0),
        ([], 80.0),
        ([None], 80.0),
    ],
)
def test_one_axis_shows_all_values(percents: list[float | None], low: float) -> None:
    assert axis_of(percents) == Axis(low, 100.0)


@pytest.mark.parametrize(("share", "width"), [(-5, "0.0%"), (33.333, "33.3%"), (140, "100.0%")])
def test_progress_stays_inside_its_bar(share: float, width: str) -> None:
    assert parts(progress(share))["strip-full"]["width"] == width
    assert "strip-full" not in parts(progress(share, is_late=True))


def test_a_drawing_is_hidden_from_screen_readers_and_carries_no_style() -> None:
    drawing = strip(91.3, axis=AXIS, interval=(89.1, 93.1), target=91.0)
    assert 'aria-hidden="true"' in drawing
    assert not re.search(r"style=|script|href", drawing)
