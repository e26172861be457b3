"""Browser code is what the manifest says, file by file, or nothing is installed."""

import dataclasses
import hashlib
import io
import re
import shutil
import tarfile
import time
from functools import partial
from pathlib import Path

import pytest

from web_map import assets
from web_map.assets import AssetError, Manifest, Package

CONTENT = b"window.L = {}"
SHA = hashlib.sha256(CONTENT).hexdigest()
ONE = Package("@scope/thing", "1.0.0", "MIT", {"dist/thing.js": SHA})


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let `npm pack` answer with an archive of ours."""

    def pack(packages: tuple[Package, ...], scratch: Path) -> None:
        for package in packages:
            with tarfile.open(scratch / package.archive, "w:gz") as archive:
                entry = tarfile.TarInfo("package/dist/thing.js")
                entry.size = len(CONTENT)
                archive.addfile(entry, io.BytesIO(CONTENT))

    monkeypatch.setattr(assets, "_pack", pack)
    return tmp_path / "static" / "vendor"


def test_files_are_put_below_the_name_of_their_package(vendor: Path) -> None:
    assert assets.fetch(Manifest((ONE,), {}), vendor)
    assert (vendor / "thing" / "thing.js").read_bytes() == CONTENT
    assert not assets.fetch(Manifest((ONE,), {}), vendor)
    assert [path.name for path in vendor.parent.iterdir()] == ["vendor"]


def test_a_wrong_hash_stops_and_leaves_what_was_there(vendor: Path) -> None:
    assets.fetch(Manifest((ONE,), {}), vendor)
    wrong = dataclasses.replace(ONE, files={"dist/thing.js": "0" * 64})
    with pytest.raises(AssetError, match="SHA-256"):
        assets.fetch(Manifest((wrong,), {}), vendor)
    assert (vendor / "thing" / "thing.js").read_bytes() == CONTENT


def test_a_file_the_package_lacks_stops(vendor: Path) -> None:
    with pytest.raises(AssetError, match="has no file"):
        assets.fetch(Manifest((dataclasses.replace(ONE, files={"dist/other.js": SHA}),), {}), vendor)


def test_a_changed_missing_or_foreign_file_is_noticed(vendor: Path) -> None:
    manifest = Manifest((ONE,), {})
    file = vendor / "thing" / "thing.js"
    for spoil in (
        partial(file.write_bytes, b"changed"),
        partial(shutil.rmtree, vendor),
        (vendor / "foreign.js").touch,
    ):
        assets.fetch(manifest, vendor)
        spoil()
        assert assets.fetch(manifest, vendor)
        assert assets.is_complete(manifest, vendor)


def test_the_manifest_is_exact() -> None:
    manifest = assets.read_manifest()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", package.version) for package in manifest.packages)
    assert all(re.fullmatch(r"[0-9a-f]{64}", sha) for sha in manifest.hashes().values())
    assert len(manifest.hashes()) == len(manifest.folium) + sum(len(one.files) for one in manifest.packages)


def test_the_installed_folder_is_complete_and_seen_so_at_once() -> None:
    seconds = []
    for _ in range(5):
        begun = time.monotonic()
        assert assets.is_complete(assets.read_manifest())
        seconds.append(time.monotonic() - begun)
    # The best of a few: the machine may be busy with other tests.
    assert min(seconds) < 0.2


def test_no_stylesheet_of_the_folder_asks_for_a_missing_or_foreign_file() -> None:
    for sheet in assets.VENDOR.rglob("*.css"):
        for address in re.findall(r"url\(['\"]?([^'\")]+)", sheet.read_text()):
            if address.startswith(("data:", "#", "%23")):
                continue
            path = sheet.parent / re.split(r"[?#]", address)[0]
            # Browsers take the first format they know, and every one of ours knows woff2.
            assert path.is_file() or path.suffix == ".ttf", f"{sheet.name} asks for {address}"
