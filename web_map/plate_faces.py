"""Faces of signs on pages: the drawing of the maker's sheets, in pixels of the screen."""

from markupsafe import Markup

from geo_registry.address.scheme import PlateLook, PlateSize, Profile
from geo_registry.plate.faces import Sign, drawn, size_of, sound_of

_SMALL = PlateSize(kind="gate_small", title="小门牌", width_mm=150, height_mm=90)


def draw_face(
    upper: str,
    lower: str,
    width: int = 150,
    kind: str = "gate_small",
    profile: Profile | None = None,
    url: str | None = None,
) -> Markup:
    """Draw a sign as wide as so many pixels; with a profile in its sizes and colours."""
    size = size_of(profile, kind) if profile else _SMALL
    look = profile.look if profile else PlateLook()
    sound = sound_of(upper, profile) if profile and kind in {"building", "street_sign"} else ""
    height = round(width * size.height_mm / size.width_mm)
    return drawn(Sign(kind, upper, lower, sound, url=url), size, look, width=str(width), height=str(height))
