"""Photos: checked, stripped of all metadata, kept under the hash of what is stored.

A file is named by its SHA-256 and written whole before its row: what the register names is on the disk.
"""

import hashlib
import io
import os
import re
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from geo_registry.access.rules import Permission, refuse_unless
from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.db import Session, translated
from geo_registry.errors import NotFound, RuleBroken, Unavailable
from geo_registry.plate.tables import Photo, Plate, PlateInspection, PlateInstallation, PlateReport
from geo_registry.settings import settings

MOST_BYTES = 8 << 20
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 1600
QUALITY = 85
_SIGNS = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "WEBP": b"RIFF"}
# A large photo takes some hundred megabytes while it is decoded: so many at once, whatever is sent.
_DECODERS = threading.BoundedSemaphore(2)
_LONGEST_WAIT_S = 20
_HASH = re.compile(r"[0-9a-f]{64}")
# What the decoders raise on broken files, and on headers that announce too many pixels.
_BROKEN = (
    OSError, ValueError, SyntaxError, EOFError, TypeError, IndexError, KeyError, AttributeError,
    ArithmeticError, MemoryError,
)  # fmt: skip
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Picture:
    """A cleaned photo: JPEG without metadata, its size in pixels, and the hash it is known by."""

    sha256: str
    width: int
    height: int
    content: bytes


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """What an upload answers: the hash by which an installation or inspection names the photo."""

    sha256: str
    width: int
    height: int


def clean_photo(upload: bytes) -> Picture:
    """Return a photo turned upright, at most 1600 px long, as JPEG without metadata.

    Raises:
        RuleBroken: `photo-too-large`, `photo-format` for other than JPEG, PNG and WebP, `photo-animated`, or
            `photo-broken` when it cannot be decoded to the end.
        Unavailable: `busy`, too many others are sent at the same time.

    """
    if len(upload) > MOST_BYTES:
        raise RuleBroken("photo-too-large", "照片超过 8 MiB，请缩小后再上传", field="photo")
    kind = next((name for name, sign in _SIGNS.items() if upload.startswith(sign)), None)
    if kind is None:
        raise RuleBroken("photo-format", "照片须为 JPEG、PNG 或 WebP，请重新拍照", field="photo")
    if not _DECODERS.acquire(timeout=_LONGEST_WAIT_S):
        raise Unavailable("busy", "正在处理的照片较多，请稍后再上传")
    try:
        upright = _decoded(upload, kind)
    except _BOMBS as error:
        raise _too_many_pixels() from error
    except _BROKEN as error:
        raise RuleBroken("photo-broken", "照片不完整或已损坏，请重新拍照", field="photo") from error
    finally:
        _DECODERS.release()
    kept = io.BytesIO()
    upright.save(kept, "JPEG", quality=QUALITY, optimize=True)
    content = kept.getvalue()
    return Picture(hashlib.sha256(content).hexdigest(), upright.width, upright.height, content)


def _decoded(upload: bytes, kind: str) -> Image.Image:
    """Return the pixels of a photo alone: upright, on white, without what the file said beside them."""
    with Image.open(io.BytesIO(upload), formats=(kind,)) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise _too_many_pixels()
        # A phone's JPEG may carry further pictures behind the first; that is no animation.
        if kind != "JPEG" and getattr(opened, "is_animated", False):
            raise RuleBroken("photo-animated", "照片须为静态图片，请重新拍照", field="photo")
        opened.draft(None, (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
        opened.load()
        turned = ImageOps.exif_transpose(opened)
        turned.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        clean = Image.new("RGB", turned.size, "white")
        if turned.has_transparency_data:
            clear = turned.convert("RGBA")
            clean.paste(clear, mask=clear.getchannel("A"))
        else:
            clean.paste(turned.convert("RGB"))
        return clean


def _too_many_pixels() -> RuleBroken:
    return RuleBroken("photo-too-large", "照片超过 5000 万像素，请缩小后再上传", field="photo")


def store_photo(session: Session, viewer: Viewer, upload: bytes) -> StoredPhoto:
    """Clean a photo and keep it; the same picture twice is one photo.

    Raises:
        RuleBroken: as `clean_photo`.
        Unavailable: as `clean_photo`; `photo-not-kept` when the disk takes nothing more.

    """
    refuse_unless(allowed=viewer.may(Permission.PLATE_INSPECT), what=Permission.PLATE_INSPECT.value)
    picture = clean_photo(upload)
    try:
        _write(path_of(picture.sha256), picture.content)
    except OSError as error:
        raise Unavailable("photo-not-kept", "照片未能保存，请联系系统管理员检查磁盘空间") from error
    values = {
        "sha256": bytes.fromhex(picture.sha256), "width": picture.width, "height": picture.height,
        "size_bytes": len(picture.content), "account_id": viewer.account_id,
    }  # fmt: skip
    with translated():
        session.execute(insert(Photo).values(**values).on_conflict_do_nothing())
    return StoredPhoto(picture.sha256, picture.width, picture.height)


def photo_content(session: Session, viewer: Viewer, sha256: str) -> bytes:
    """Return the JPEG of a photo of a plate, or of a report on one, in the viewer's areas.

    Raises:
        NotFound: no such photo, or none there.

    """
    key = photo_key(sha256)
    on_wall = select(PlateInstallation.plate_id).where(PlateInstallation.photo_sha256 == key)
    seen = select(PlateInspection.plate_id).where(PlateInspection.photo_sha256 == key)
    shown = select(Plate.id).where(in_scope(viewer, Plate), or_(Plate.id.in_(on_wall), Plate.id.in_(seen)))
    told = select(PlateReport.id).where(in_scope(viewer, PlateReport), PlateReport.photo_sha256 == key)
    if session.execute(shown.limit(1)).first() or session.execute(told.limit(1)).first():
        content = _read(path_of(sha256))
        if hashlib.sha256(content).digest() == key:
            return content
    raise NotFound("photo-not-found", "没有这张照片，或不在您的辖区内")


def photo_key(sha256: str) -> bytes:
    """Return the key of a photo from the hash that its upload answered.

    Raises:
        RuleBroken: `photo-unknown` when the text is no such hash.

    """
    if not _HASH.fullmatch(sha256):
        raise RuleBroken("photo-unknown", "照片编号应为上传时返回的 64 位编号", field="photo")
    return bytes.fromhex(sha256)


def known_photo(session: Session, sha256: str) -> bytes:
    """Return the key of a photo that was uploaded.

    Raises:
        RuleBroken: `photo-unknown`.

    """
    key = photo_key(sha256)
    if session.execute(select(Photo.sha256).where(Photo.sha256 == key)).first() is None:
        raise RuleBroken("photo-unknown", "没有这张照片，请先上传", field="photo")
    return key


def path_of(sha256: str) -> Path:
    """Return where the file of a photo lies."""
    return settings().home / "photos" / sha256[:2] / sha256[2:4] / f"{sha256}.jpg"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _write(path: Path, content: bytes) -> None:
    """Write a file whole and durably, under its name only when it is; a whole one stays as it is."""
    if _read(path) == content:
        return
    # `mkdir` gives its mode to the last folder alone.
    for folder in (path.parents[2], path.parents[1], path.parent):
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    number, draft = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with open(number, "wb") as file:  # noqa: PTH123  (an open file, not a path)
            file.write(content)
            file.flush()
            os.fsync(number)
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
