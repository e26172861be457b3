"""Photos: only pictures pass, and nothing of a file but its pixels is kept."""

import errno
import hashlib
import io
import random
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo_registry.codes import new_id
from geo_registry.errors import NotFound, Refused, RuleBroken, Unavailable
from geo_registry.plate import writes
from geo_registry.plate.photos import _DECODERS, MOST_BYTES, clean_photo, path_of, photo_content, store_photo
from geo_registry.plate.tables import Photo
from tests import factories as make
from tests.plate.conftest import Street, picture

GPS, ORIENTATION = 0x8825, 0x0112


def reopened(content: bytes) -> Image.Image:
    found = Image.open(io.BytesIO(content))
    found.load()
    return found


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG that announces a size, with the chunks given and no end."""
    head = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    packed = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in (head, *chunks)
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def with_gps() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "SECRETPHONE"
    exif[0x9003] = "2026:03:01 09:30:00"
    exif.get_ifd(GPS).update({1: "N", 2: (31.0, 6.0, 18.0), 3: "E", 4: (121.0, 24.0, 18.0)})
    return picture(exif=exif, comment=b"SECRETCOMMENT", xmp=b"<x:xmpmeta>SECRETXMP</x:xmpmeta>")


def test_where_and_by_whom_a_photo_was_taken_is_gone() -> None:
    upload = with_gps()
    assert GPS in Image.open(io.BytesIO(upload)).getexif()
    assert b"SECRETCOMMENT" in upload
    found = clean_photo(upload)
    image = reopened(found.content)
    assert dict(image.getexif()) == {}
    assert not {"exif", "comment", "xmp", "icc_profile", "photoshop"} & set(image.info)
    assert b"SECRET" not in found.content
    assert b"Exif" not in found.content
    assert hashlib.sha256(found.content).hexdigest() == found.sha256


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_every_kind_is_kept_as_plain_jpeg(kind: str) -> None:
    found = clean_photo(picture((900, 600), kind))
    image = reopened(found.content)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (900, 600))


def test_a_large_photo_is_made_smaller_and_a_small_one_stays() -> None:
    assert (clean_photo(picture((4000, 3000))).width, clean_photo(picture((3000, 4000))).height) == (
        1600,
        1600,
    )
    assert (clean_photo(picture((40, 30))).width, clean_photo(picture((1, 1))).height) == (40, 1)
    long = clean_photo(picture((5000, 2)))
    assert (long.width, long.height) == (1600, 1)


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photo_stands_upright(turn: int) -> None:
    image = Image.new("RGB", (60, 40), "white")
    ImageDraw.Draw(image).rectangle((0, 0, 29, 19), fill="black")
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=95, exif=exif)
    found = reopened(clean_photo(kept.getvalue()).content).convert("L")
    assert found.size == ((60, 40) if turn < 5 else (40, 60))
    corners = [found.getpixel((x, y)) for y in (2, found.height - 3) for x in (2, found.width - 3)]
    dark = [index for index, value in enumerate(corners) if isinstance(value, int | float) and value < 90]
    assert dark == [{1: 0, 2: 1, 3: 3, 4: 2, 5: 0, 6: 1, 7: 3, 8: 2}[turn]]


@pytest.mark.parametrize("mode", ["CMYK", "L", "YCbCr"])
def test_other_colour_spaces_become_rgb(mode: str) -> None:
    assert reopened(clean_photo(picture(kind="JPEG", mode=mode)).content).mode == "RGB"


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "I;16"])
def test_what_is_clear_becomes_white(mode: str) -> None:
    image = reopened(clean_photo(picture(kind="PNG", mode=mode)).content)
    assert image.mode == "RGB"
    if mode in {"RGBA", "LA"}:
        assert image.getpixel((5, 5)) == (255, 255, 255)


def test_a_phone_s_jpeg_with_a_second_picture_is_its_first() -> None:
    kept = io.BytesIO()
    first, second = Image.new("RGB", (50, 40), "red"), Image.new("RGB", (20, 10), "blue")
    first.save(kept, "MPO", save_all=True, append_images=[second])
    found = clean_photo(kept.getvalue())
    assert (found.width, found.height) == (50, 40)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
WHOLE = picture((200, 150))
FAULTS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "photo-format"),
    "svg": (SVG, "photo-format"),
    "html": (b"<html><script>alert(1)</script>", "photo-format"),
    "gif": (picture(kind="GIF"), "photo-format"),
    "bmp": (picture(kind="BMP"), "photo-format"),
    "tiff": (picture(kind="TIFF"), "photo-format"),
    "svg behind the sign of a jpeg": (b"\xff\xd8\xff" + SVG, "photo-broken"),
    "html behind the sign of a png": (b"\x89PNG\r\n\x1a\n<html>", "photo-broken"),
    "sound in the box of a webp": (b"RIFF\x24\x00\x00\x00WAVEfmt ", "photo-broken"),
    "half a jpeg": (WHOLE[: len(WHOLE) // 2], "photo-broken"),
    "half a png": (picture((200, 150), "PNG")[:-40], "photo-broken"),
    "half a webp": (picture((200, 150), "WEBP")[:-20], "photo-broken"),
    "a header alone": (png(40, 40), "photo-broken"),
    "50 000 x 50 000": (png(50_000, 50_000, (b"IDAT", zlib.compress(b"\0"))), "photo-too-large"),
    "8 000 x 8 000": (png(8_000, 8_000, (b"IDAT", zlib.compress(b"\0"))), "photo-too-large"),
    "no width": (png(0, 40), "photo-broken"),
    "9 MiB": (WHOLE + bytes(9 << 20), "photo-too-large"),
    "a film in png": (
        picture(kind="PNG", save_all=True, append_images=[Image.new("RGB", (40, 30), "red")]), "photo-animated",
    ),
    "a film in webp": (
        picture(kind="WEBP", save_all=True, append_images=[Image.new("RGB", (40, 30), "red")]), "photo-animated",
    ),
    "text that grows": (png(40, 40, *[(b"zTXt", b"a\0\0" + zlib.compress(bytes(4 << 20)))] * 20), "photo-broken"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_no_photo_is_refused_with_a_word(name: str) -> None:
    upload, code = FAULTS[name]
    with pytest.raises(RuleBroken) as caught:
        clean_photo(upload)
    assert (caught.value.code, caught.value.facts["field"]) == (code, "photo")
    assert caught.value.detail.startswith("照片")


def test_the_largest_photo_passes() -> None:
    assert clean_photo(WHOLE + bytes(MOST_BYTES - len(WHOLE))).width == 200


def test_damaged_bytes_are_refused_or_cleaned_but_never_an_accident() -> None:
    chance = random.Random(20260301)
    for kind in ("JPEG", "PNG", "WEBP"):
        whole = picture((64, 48), kind)
        for _ in range(150):
            upload = bytearray(whole)
            for _ in range(chance.randint(1, 12)):
                upload[chance.randrange(len(upload))] = chance.randrange(256)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    found = clean_photo(bytes(upload))
                except RuleBroken as error:
                    assert error.code.startswith("photo-")  # noqa: PT017
                else:
                    assert reopened(found.content).mode == "RGB"


def test_a_photo_lies_under_its_hash_once(session: Session, photo_home: Path) -> None:
    viewer = make.make_viewer("coordinator")
    first = store_photo(session, viewer, picture((90, 60)))
    again = store_photo(session, make.make_viewer("clerk"), picture((90, 60)))
    assert first == again
    path = path_of(first.sha256)
    assert path == photo_home / "photos" / first.sha256[:2] / first.sha256[2:4] / f"{first.sha256}.jpg"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == first.sha256
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    row = session.execute(select(Photo).where(Photo.sha256 == bytes.fromhex(first.sha256))).scalar_one()
    assert (row.width, row.height, row.size_bytes, row.account_id) == (
        90,
        60,
        path.stat().st_size,
        viewer.account_id,
    )


def test_a_file_cut_short_is_written_again(session: Session, photo_home: Path) -> None:
    viewer = make.make_viewer("coordinator")
    path = path_of(store_photo(session, viewer, picture((90, 60))).sha256)
    whole = path.read_bytes()
    path.write_bytes(whole[:50])
    store_photo(session, viewer, picture((90, 60)))
    assert path.read_bytes() == whole


def test_who_may_not_inspect_may_not_upload(session: Session) -> None:
    with pytest.raises(Refused):
        store_photo(session, make.make_viewer("leader"), picture())


@pytest.mark.parametrize("how", ["installation", "inspection"])
def test_a_photo_is_shown_where_its_plate_stands(
    session: Session, street_of: Callable[..., Street], how: str
) -> None:
    street = street_of(1, "delivered")
    kept = store_photo(session, street.clerk, picture((90, 60)))
    with pytest.raises(NotFound):
        photo_content(session, street.clerk, kept.sha256)
    plate = street.install(photo=kept.sha256 if how == "installation" else street.photo())
    if how == "inspection":
        writes.inspect(session, street.clerk, plate_id=plate.id, version=plate.version, photo=kept.sha256)
    inside = make.make_viewer("leader", [street.place.district_id])
    assert photo_content(session, inside, kept.sha256) == path_of(kept.sha256).read_bytes()
    for viewer, sha256 in ((make.make_viewer("clerk", [new_id()]), kept.sha256), (inside, "ab" * 32)):
        with pytest.raises(NotFound):
            photo_content(session, viewer, sha256)
    path_of(kept.sha256).write_bytes(picture())
    with pytest.raises(NotFound):
        photo_content(session, inside, kept.sha256)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "AB" * 32, "ab" * 31, "ab" * 33])
def test_a_name_that_is_no_hash_finds_no_file(session: Session, name: str) -> None:
    with pytest.raises(RuleBroken, match="64 位"):
        photo_content(session, make.make_viewer(), name)


def test_folders_of_photos_are_closed_to_others(session: Session, photo_home: Path) -> None:
    stored = store_photo(session, make.make_viewer("coordinator"), picture())
    folder = path_of(stored.sha256).parent
    while folder != photo_home:
        assert folder.stat().st_mode & 0o027 == 0, folder
        folder = folder.parent


def test_a_full_disk_is_told_and_leaves_nothing(
    session: Session, photo_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr("geo_registry.plate.photos.os.fsync", full)
    with pytest.raises(Unavailable, match="photo-not-kept"):
        store_photo(session, make.make_viewer("coordinator"), picture())
    assert not [path for path in photo_home.rglob("*") if path.is_file()]
    assert session.execute(select(Photo)).first() is None


def test_few_photos_are_decoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo_registry.plate.photos._LONGEST_WAIT_S", 0.05)
    with _DECODERS, _DECODERS, pytest.raises(Unavailable, match="busy"):
        clean_photo(picture())
    with pytest.raises(RuleBroken):
        clean_photo(b"\xff\xd8\xff")
    assert clean_photo(picture()).content
