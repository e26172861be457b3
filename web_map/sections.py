"""The sections of the top bar; a role sees those it may use, and no others."""

from dataclasses import dataclass, replace

from geo_registry.access.viewer import Permission, Viewer


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its name, address, icon, and the permission that opens it."""

    title: str
    path: str
    icon: str
    permission: Permission
    parts: tuple[str, ...] = ()
    """Addresses beside its own that belong to it."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of a section, for who holds one of its permissions."""

    title: str
    path: str
    permissions: frozenset[Permission]


P = Permission
REGISTRATION_TABS = (
    Tab("案件", "/registrations", frozenset({P.CASE_READ})),
    Tab("受理台", "/registrations/new", frozenset({P.CASE_ENTER})),
    Tab("审核", "/registrations/review", frozenset({P.CASE_REVIEW})),
    Tab("台账", "/registrations/ledger", frozenset({P.LEDGER_LOOK})),
    Tab("登记表", "/registrations/sheets", frozenset({P.PAPER_KEEP, P.CASE_ENTER})),
    Tab("档案", "/registrations/volumes", frozenset({P.PAPER_KEEP})),
    Tab("居住证", "/permits", frozenset({P.PERMIT_RECORD})),
    Tab("申报", "/declarations", frozenset({P.DECLARATION_REVIEW})),
    Tab("死亡信息", "/death-notices", frozenset({P.DEATH_REVIEW})),
    Tab("人户分离", "/separation", frozenset({P.SEPARATION_LOOK})),
    Tab("重复人员", "/people/duplicates", frozenset({P.PERSON_MERGE})),
    Tab("核实", "/verifications", frozenset({P.VERIFICATION_WORK})),
    Tab("线索", "/tips", frozenset({P.TIP_GIVE})),
    Tab("单位", "/premises", frozenset({P.PREMISES_KEEP})),
)
"""The pages of 居住登记 in the order of their tabs; the section leads to the first that the role may use."""

PLATE_TABS = (
    Tab("编辑", "/plates", frozenset({P.PLATE_EDIT})),
    Tab("地名", "/place-names", frozenset({P.STREET_NAME})),
    Tab("编号", "/plates/numbering", frozenset({P.ADDRESS_NUMBER})),
    Tab("提示", "/plates/warnings", frozenset({P.PLATE_EDIT})),
    Tab("批次", "/plates/batches", frozenset({P.PLATE_PRODUCE})),
    Tab("上墙", "/plates/install", frozenset({P.PLATE_INSTALL})),
    Tab("核验", "/plates/verify", frozenset({P.PLATE_VERIFY})),
    Tab("上墙率", "/plates/rates", frozenset({P.MEASURE_READ})),
    Tab("线索", "/plates/reports", frozenset({P.PLATE_REPORT})),
    Tab("变更", "/address-changes", frozenset({P.CERTIFICATE_ISSUE})),
)
"""The pages of 门牌 in the order of their tabs."""

SECTIONS = (
    Section("一张图", "/", "map", Permission.PLACE_READ),
    Section("地址识别", "/addresses", "parts", Permission.PLACE_READ),
    Section("看板", "/dashboard", "chart", Permission.MEASURE_READ),
    Section("网格", "/grid", "layers", Permission.GRID_READ),
    Section("我的网格", "/my-block", "home", Permission.BLOCK_OWN),
    Section("居住登记", "/registrations", "form", Permission.CASE_READ),
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


BAR = 7
"""So many sections stand side by side on a phone; with more, these give way to the menu at the name."""
GIVE_WAY = ("/addresses", "/samples", "/zones")


def registration_tabs(viewer: Viewer | None) -> tuple[Tab, ...]:
    """Return the pages of 居住登记 that a viewer may use."""
    return _open_to(viewer, REGISTRATION_TABS)


def plate_tabs(viewer: Viewer | None) -> tuple[Tab, ...]:
    """Return the pages of 门牌 that a viewer may use."""
    return _open_to(viewer, PLATE_TABS)


def _open_to(viewer: Viewer | None, tabs: tuple[Tab, ...]) -> tuple[Tab, ...]:
    return tuple(
        tab for tab in tabs if viewer is not None and any(viewer.may(one) for one in tab.permissions)
    )


def sections_for(viewer: Viewer | None) -> tuple[Section, ...]:
    """Return the sections in a viewer's bar; for an editor of plates 门牌 leads to its parts."""
    return _sections(viewer)[0]


def menu_for(viewer: Viewer | None) -> tuple[Section, ...]:
    """Return the sections in the menu at the viewer's name."""
    own = tuple(one for one in IN_MENU if viewer is not None and viewer.may(one.permission))
    return _sections(viewer)[1] + own


def _sections(viewer: Viewer | None) -> tuple[tuple[Section, ...], tuple[Section, ...]]:
    if viewer is None:
        return (), ()
    parts = ("/plates/",) if viewer.may(Permission.PLATE_EDIT) else ()
    tabs = tuple(tab.path for tab in registration_tabs(viewer))
    own = tuple(tab.path for tab in plate_tabs(viewer))
    found = [
        replace(one, path=tabs[0], parts=tabs)
        if one.path == "/registrations"
        else replace(one, parts=own)
        if one.path == "/plates"
        else one
        for one in SECTIONS
        if (tabs if one.path == "/registrations" else viewer.may(one.permission))
        and not one.path.startswith(parts)
    ]
    moved = [one for path in GIVE_WAY for one in found if one.path == path][: max(0, len(found) - BAR)]
    return tuple(one for one in found if one not in moved), tuple(moved)
