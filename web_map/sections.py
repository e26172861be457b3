"""The sections of the top bar; a role sees those it may use, and no others."""

from dataclasses import dataclass

from geo_registry.access.viewer import Permission, Viewer


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its name, address, icon, and the permission that opens it."""

    title: str
    path: str
    icon: str
    permission: Permission


SECTIONS = (
    Section("一张图", "/", "map", Permission.PLACE_READ),
    Section("地址识别", "/addresses", "parts", Permission.PLACE_READ),
    Section("看板", "/dashboard", "chart", Permission.MEASURE_READ),
    Section("网格", "/grid", "layers", Permission.GRID_READ),
    Section("我的网格", "/my-block", "home", Permission.BLOCK_OWN),
    Section("挂牌整治", "/zones", "stamp", Permission.ZONE_READ),
    Section("抽查", "/samples", "table", Permission.CHECK_RECORD),
    Section("门牌", "/plates", "plate", Permission.PLATE_EDIT),
    Section("上墙", "/plates/install", "camera", Permission.PLATE_INSTALL),
    Section("核验", "/plates/verify", "check", Permission.PLATE_VERIFY),
    Section("以人找房", "/person", "person", Permission.PERSON_LOOK),
    Section("账号管理", "/accounts", "person", Permission.ACCOUNT_MANAGE),
    Section("查询目的", "/purposes", "table", Permission.PURPOSE_MANAGE),
    Section("审计", "/audit", "shield", Permission.AUDIT_READ),
)
# What is done now and then stands in the menu at the name: the bar of a phone has no room for more.
IN_MENU = (
    Section("查看复核", "/reviews", "eye", Permission.LOOK_REVIEW),
    Section("对外提供", "/disclosures", "download", Permission.DISCLOSURE_REQUEST),
)


def sections_for(viewer: Viewer | None) -> tuple[Section, ...]:
    """Return the sections in a viewer's bar; for an editor of plates 门牌 leads to its parts."""
    if viewer is None:
        return ()
    parts = ("/plates/",) if viewer.may(Permission.PLATE_EDIT) else ()
    return tuple(one for one in SECTIONS if viewer.may(one.permission) and not one.path.startswith(parts))


def menu_for(viewer: Viewer | None) -> tuple[Section, ...]:
    """Return the sections in the menu at the viewer's name."""
    return tuple(one for one in IN_MENU if viewer is not None and viewer.may(one.permission))
