"""Loading scheme profiles from YAML files, with every fault reported at its line."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from geo_registry.address.scheme import InconsistentProfileError, Part, Profile, is_place
from geo_registry.errors import RuleBroken

__all__ = [
    "Part",
    "Profile",
    "ProfileFault",
    "check_profile",
    "is_place",
    "load_profile",
    "read_profile",
    "shipped_profiles",
]

YamlPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ProfileFault:
    """One fault of a profile file: line (from 1), field and what is wrong with what is allowed."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        """Return `LINE: field: message`."""
        return f"{self.line}: {self.field}: {self.message}"


def shipped_profiles() -> dict[str, Path]:
    """Return the profile files that come with the package, by code."""
    folder = Path(str(resources.files("geo_registry") / "profiles"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


@lru_cache(maxsize=64)
def load_profile(code_or_path: str | Path) -> Profile:
    """Return the profile of a shipped code or of a YAML file; the same object for the same argument.

    Raises:
        RuleBroken: `profile-missing` when there is no such code or file, `profile-faulty`
            with the first faults.

    """
    path = _path_of(code_or_path)
    profile, faults = read_profile(path.read_text(encoding="utf-8"))
    if profile is None:
        lines = "; ".join(f"{path.name}:{fault}" for fault in faults[:5])
        raise RuleBroken("profile-faulty", f"{len(faults)} fault(s): {lines}")
    return profile


def check_profile(path: Path) -> tuple[Profile | None, list[ProfileFault]]:
    """Return the profile of a file, or None and every fault in the order of the lines."""
    return read_profile(path.read_text(encoding="utf-8"))


def read_profile(text: str) -> tuple[Profile | None, list[ProfileFault]]:
    """Return the profile written in a YAML text, or None and every fault in the order of the lines."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        return None, [_syntax_fault(error)]
    if not isinstance(node, yaml.MappingNode):
        return None, [ProfileFault(1, "file", "must be a mapping of fields")]
    lines: dict[YamlPath, int] = {}
    repeated = list(_walk(node, (), lines))
    if repeated:
        return None, repeated
    try:
        return Profile.model_validate(yaml.safe_load(text)), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    faults = [fault for detail in details for fault in _faults_of(detail, lines)]
    return None, sorted(faults, key=lambda fault: (fault.line, fault.field))


def _path_of(code_or_path: str | Path) -> Path:
    shipped = shipped_profiles()
    if str(code_or_path) in shipped:
        return shipped[str(code_or_path)]
    path = Path(code_or_path)
    if not path.is_file():
        known = ", ".join(shipped)
        raise RuleBroken("profile-missing", f"no profile or file {code_or_path}; shipped profiles: {known}")
    return path


def _syntax_fault(error: yaml.YAMLError) -> ProfileFault:
    mark = getattr(error, "problem_mark", None)
    return ProfileFault(mark.line + 1 if mark else 1, "syntax", getattr(error, "problem", None) or str(error))


def _walk(node: yaml.Node, path: YamlPath, lines: dict[YamlPath, int]) -> Iterator[ProfileFault]:
    """Note the line of every path below a node and report repeated keys, which YAML lets pass."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            line = key.start_mark.line + 1
            if below in lines:
                yield ProfileFault(line, _dotted(below), f"stands twice, first on line {lines[below]}")
            lines[below] = line
            yield from _walk(value, below, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walk(value, (*path, index), lines)


def _faults_of(detail: ErrorDetails, lines: dict[YamlPath, int]) -> Iterator[ProfileFault]:
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, InconsistentProfileError):
        for path, message in cause.faults:
            yield ProfileFault(_line_of(path, lines), _dotted(path), message)
        return
    yield ProfileFault(_line_of(detail["loc"], lines), _dotted(detail["loc"]), _message(detail))


def _line_of(path: YamlPath, lines: dict[YamlPath, int]) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _dotted(path: YamlPath) -> str:
    return (
        "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".") or "file"
    )


def _message(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(detail["loc"])
    if kind == "missing":
        return "is missing and must be given"
    if kind == "literal_error":
        return f"{detail['input']!r} is not allowed; allowed: {context['expected']}"
    if kind == "string_pattern_mismatch":
        return f"{detail['input']!r} must match {context['pattern']}"
    value = detail["input"]
    shown = f"{value!r}: " if isinstance(value, str | int | float | bool) else ""
    message = detail["msg"]
    return f"{shown}{message[:1].lower()}{message[1:]}"


def _unknown_key(path: YamlPath) -> str:
    allowed = sorted(_model_at(path[:-1]).model_fields)
    near = difflib.get_close_matches(str(path[-1]), allowed, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"unknown key{hint} Allowed: {', '.join(allowed)}"


def _model_at(path: YamlPath) -> type[BaseModel]:
    """Return the model that the keys below a path belong to."""
    model: type[BaseModel] = Profile
    for step in path:
        if isinstance(step, str):
            model = _models_in(model.model_fields[step].annotation)[0]
    return model


def _models_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401  (a type expression)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models_in(inner)]
