"""Mappings: how the columns of a file become ours, held as data.

A mapping is a YAML file: the kind of rows, the profile and the division scheme they follow, which
column feeds which of ours, constants, the companion files that lie beside the file, and the checks
that rows must pass.
"""

from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from geo_registry.errors import RuleBroken

Kind = Literal["areas", "blocks", "streets", "buildings", "plates", "residents", "premises", "backdrop"]


class _Frozen(BaseModel):
    """A value read from a mapping: no unknown keys, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Frozen):
    """A column of the file; `scale` multiplies its numbers, `values` translates its texts."""

    column: Annotated[str, Field(min_length=1)]
    scale: float = 1.0
    values: dict[str, str] | None = None


def _sources(given: object) -> object:
    items = given if isinstance(given, list) else [given]
    return tuple({"column": item} if isinstance(item, str) else item for item in items)


Sources = Annotated[tuple[Source, ...], BeforeValidator(_sources), Field(min_length=1)]


class Mapping(_Frozen):
    """列映射: how a file of one kind is read.

    `columns` gives for each of our columns the sources in order of preference; the first that the
    file has is read. `companions` are paths relative to the file. `checks` names the checks that
    are made, with their parameters.
    """

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
    title: Annotated[str, Field(min_length=1, max_length=80)]
    kind: Kind
    profile: str | None = None
    scheme: str | None = None
    columns: dict[str, Sources] = {}
    required: tuple[str, ...] = ()
    constants: dict[str, str] = {}
    companions: dict[str, str] = {}
    checks: dict[str, dict[str, float]] = {}
    attribution: str = ""

    def sources_in(self, header: Iterable[str]) -> dict[str, Source]:
        """Return which column of a file feeds which of ours; capitals do not matter.

        Raises:
            RuleBroken: `column-missing` when a required column has no source in the header.

        """
        present = {name.strip().casefold(): name for name in header}
        found = {
            ours: source.model_copy(update={"column": present[source.column.casefold()]})
            for ours, sources in self.columns.items()
            if (source := next((one for one in sources if one.column.casefold() in present), None))
        }
        for ours in self.required:
            if ours not in found and ours not in self.constants:
                wanted = " / ".join(one.column for one in self.columns.get(ours, ())) or ours
                there = "、".join(present.values())
                raise RuleBroken(
                    "column-missing",
                    f"文件缺少列 {wanted}（映射 {self.code} 的 {ours}）；文件的列有：{there}",
                    field=ours,
                )
        return found


def shipped_mappings() -> dict[str, Path]:
    """Return the mapping files that come with the package, by code."""
    folder = Path(str(resources.files("geo_registry") / "mappings"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


@lru_cache(maxsize=64)
def load_mapping(code_or_path: str, kind: Kind) -> Mapping:
    """Return the mapping of a shipped code or of a YAML file.

    Raises:
        RuleBroken: `mapping-missing`, `mapping-faulty`, or `mapping-kind` when it is for other rows.

    """
    path = shipped_mappings().get(code_or_path, Path(code_or_path))
    if not path.is_file():
        known = ", ".join(shipped_mappings())
        raise RuleBroken("mapping-missing", f"没有映射 {code_or_path}；自带的映射：{known}")
    try:
        mapping = Mapping.model_validate(_content(path))
    except (yaml.YAMLError, ValidationError) as error:
        raise RuleBroken("mapping-faulty", f"映射文件 {path.name} 有误：{error}") from error
    if mapping.kind != kind:
        raise RuleBroken("mapping-kind", f"映射 {mapping.code} 用于 {mapping.kind}，不能用于 {kind}")
    return mapping


def standard_mapping(kind: Kind) -> Mapping:
    """Return the mapping of the standard column names: the shipped `standard-<kind>`."""
    return load_mapping(f"standard-{kind}", kind)


def _content(path: Path) -> Any:  # noqa: ANN401  (pydantic judges it)
    return yaml.safe_load(path.read_text(encoding="utf-8"))
