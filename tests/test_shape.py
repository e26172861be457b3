"""The code keeps its shape: small files and functions, documented, layered, no SQL outside the core."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from geo_registry.base import Base
from geo_registry.settings import ROOT, Settings

PACKAGES = ("geo_registry", "api", "web_map", "basemaps")
FILE_LINES, FUNCTION_LINES = 400, 60
Function = ast.FunctionDef | ast.AsyncFunctionDef
SQL = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM)\s", re.DOTALL)


def _files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def test_files_are_short() -> None:
    files = _files(*PACKAGES, "tests", "benchmarks", "migrations")
    lengths = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_functions_are_short() -> None:
    long = [
        f"{_name(path)}:{node.lineno} {node.name}"
        for path in _files(*PACKAGES, "tests", "benchmarks", "migrations")
        for node in _nodes(path)
        if isinstance(node, Function) and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


def _undocumented(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not ast.get_docstring(tree) and tree.body:
        yield _name(path)
    scopes: list[ast.Module | ast.ClassDef] = [
        tree,
        *(node for node in tree.body if isinstance(node, ast.ClassDef)),
    ]
    for scope in scopes:
        for node in scope.body:
            if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
                continue
            if not ast.get_docstring(node):
                yield f"{_name(path)}:{node.lineno} {node.name}"


def test_everything_public_has_a_docstring() -> None:
    assert [missing for path in _files(*PACKAGES) for missing in _undocumented(path)] == []


def test_imports_point_one_way_and_never_round() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_sql_outside_the_core() -> None:
    found = []
    for path in _files("api", "web_map"):
        for node in _nodes(path):
            modules: list[str] = []
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value):
                found.append(f"{_name(path)}:{node.lineno} a statement")
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            if {"sqlalchemy", "psycopg"} & {module.split(".")[0] for module in modules}:
                found.append(f"{_name(path)} imports {modules}")
    assert found == []


def test_the_sql_test_knows_a_statement() -> None:
    assert SQL.search("SELECT a\nFROM b WHERE")
    assert not SQL.search("Select the plates from the list")


def test_every_mapped_class_is_in_the_glossary() -> None:
    import geo_registry.tables  # noqa: F401 - maps them all

    glossary = ROOT / "docs" / "glossary.md"
    text = glossary.read_text(encoding="utf-8") if glossary.exists() else None
    names = sorted(mapper.class_.__name__ for mapper in Base.registry.mappers)
    assert names
    assert text is None or [name for name in names if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`GEO_REGISTRY_{name.upper()}`" in (ROOT / "docs" / "install.md").read_text(encoding="utf-8")


def test_no_setting_is_documented_that_is_none() -> None:
    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `GEO_REGISTRY_([A-Z_]+)`", text, re.MULTILINE)) == {
        name.upper() for name in Settings.model_fields
    }


def test_the_lock_names_versions_and_hashes_but_no_place_to_load_from() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert not [line for line in lines if "://" in line or line.startswith("--")]
    packages = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert all("==" in line for line in packages)
    locked = {line.split("==")[0] for line in packages}
    wanted = (ROOT / "requirements.in").read_text().splitlines()
    assert {line.split("[")[0].lower() for line in wanted if line and not line.startswith("#")} <= locked


def test_no_download_host_is_named() -> None:
    """Hosts of package registries belong into the configuration of the machine."""
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    hosts = re.compile(
        r"(pypi|pythonhosted|npmjs|yarnpkg|npmmirror|unpkg|jsdelivr)\.(org|com|net)", re.IGNORECASE
    )
    found = []
    for name in tracked.splitlines():
        path = ROOT / name
        if path.is_file() and path.suffix in {
            "",
            ".py",
            ".toml",
            ".lock",
            ".in",
            ".md",
            ".sh",
            ".html",
            ".js",
        }:
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{name}: {match[0]}" for match in hosts.finditer(text)]
    assert found == []
