"""A street with approved plates, photos that exist, and accounts that act."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.address.tables import PlaceName
from geo_registry.plate import writes
from geo_registry.plate.tables import Plate
from tests import factories as make


@pytest.fixture(autouse=True)
def photo_home(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401  (a path)
    """Let photos of a test lie in a folder of its own."""
    from geo_registry.plate import photos

    class Home:
        home = tmp_path

    monkeypatch.setattr(photos, "settings", Home)
    return tmp_path


def picture(
    size: tuple[int, int] = (40, 30), kind: str = "JPEG", mode: str = "RGB", **saved: object
) -> bytes:
    """Return a small picture as a file."""
    kept = io.BytesIO()
    Image.new(mode, size, 80 if mode in {"L", "P"} else None).save(kept, kind, **saved)
    return kept.getvalue()


@dataclass
class Street:
    """A street of plates, and those who work on them."""

    session: Session
    place: PlaceName
    clerk: Viewer
    other: Viewer
    plates: list[UUID]

    def plate(self, index: int = 0) -> Plate:
        """Return a plate as the database has it."""
        return self.session.get_one(Plate, self.plates[index], populate_existing=True)

    def photo(self) -> str:
        """Return the hash of a photo nobody has used."""
        return make.make_photo(self.session).sha256.hex()

    def spot(self, index: int = 0, metres: float = 0) -> dict[str, Any]:
        """Return a point some metres north of where a plate is planned."""
        lon, lat = make.metres(5.0 * (index + 1), 12 + metres)
        return {"lon": lon, "lat": lat}

    def install(self, index: int = 0, viewer: Viewer | None = None, **over: Any) -> Plate:  # noqa: ANN401
        """Put a delivered plate on the wall."""
        values = {"photo": self.photo(), **self.spot(index), **over}
        writes.install_plate(
            self.session,
            viewer or self.clerk,
            plate_id=self.plates[index],
            version=self.plate(index).version,
            **values,
        )
        return self.plate(index)

    def check(self) -> None:
        """Ask now what is otherwise asked at COMMIT."""
        self.session.flush()
        self.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        self.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))


@pytest.fixture
def street_of(session: Session) -> Callable[..., Street]:
    """Give the call that lays out a street of plates in one state."""

    def lay(count: int = 1, state: str = "approved", **over: Any) -> Street:  # noqa: ANN401
        place = make.make_street(session)
        viewers = [
            make.make_viewer(role, account_id=make.make_account(session, role=role).id)
            for role in ("clerk", "clerk")
        ]
        plates = [
            make.make_plate(session, make.make_address(session, number, street=place), state=state, **over).id
            for number in range(1, count + 1)
        ]
        return Street(session, place, viewers[0], viewers[1], plates)

    return lay
