"""The exception tree of the registry.

RegistryError
├── NotFound            no such object, or none in the viewer's area
├── NotSignedIn         no live session
├── Refused             the role or the area does not allow it
│   └── PurposeRequired a look at persons without a valid purpose
├── TooMany             a limit was reached
├── RuleBroken          the input breaks a rule of the register
├── Conflict            the register holds something that excludes it
├── Stale               the object has changed since it was read
│   └── VersionRequired a write without If-Match
└── Unavailable         try again later

`code` is stable and for programs, `detail` is Chinese and for people; neither holds a person's value.
"""

from functools import partial
from typing import Any


class RegistryError(Exception):
    """Root of all errors that the registry raises on purpose."""

    title = "出错"

    def __init__(self, code: str, detail: str, **facts: object) -> None:
        """Store the stable code, the sentence for people and facts such as the field's name."""
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.facts = facts

    def __reduce__(self) -> tuple[Any, ...]:
        """Tell how the error is made again in another process."""
        facts: dict[str, Any] = self.facts
        return partial(type(self), **facts), (self.code, self.detail)


class NotFound(RegistryError):
    """No such object, or none in the viewer's area."""

    title = "没有找到"


class NotSignedIn(RegistryError):
    """No live session."""

    title = "请先登录"


class Refused(RegistryError):
    """The role or the area does not allow it."""

    title = "没有权限"


class PurposeRequired(Refused):
    """A look at persons without a valid purpose."""

    title = "须说明目的"


class TooMany(RegistryError):
    """A limit was reached."""

    title = "超过限额"


class RuleBroken(RegistryError):
    """The input breaks a rule of the register; `field` names the place where it does."""

    title = "不符合规则"


class Conflict(RegistryError):
    """The register holds something that excludes it."""

    title = "与现有登记冲突"


class Stale(RegistryError):
    """The object has changed since it was read."""

    title = "数据已被更新"


class VersionRequired(Stale):
    """A write without If-Match."""

    title = "缺少版本"


class Unavailable(RegistryError):
    """The registry cannot answer now."""

    title = "暂时不可用"
