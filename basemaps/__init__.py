"""The map underneath, built from the registry's own data and served offline."""

from pathlib import Path

ROOT = Path(__file__).parent
TILES = ROOT / "tiles"
STYLES = ROOT / "styles"
BOUNDARIES = ROOT / "boundaries"
