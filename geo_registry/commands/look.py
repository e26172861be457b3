"""Commands ``geo-registry look ...``: 以房找人 and 以人找房 on the command line, on the record.

The caller signs in with an account of its own: being on the server's machine gives no right to see persons.
Numbers and passwords are read from the keyboard or standard input, never from the command line.
"""

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from geo_registry.commands.refusal import refusing
from geo_registry.errors import NotFound, NotSignedIn

if TYPE_CHECKING:
    from geo_registry.access.viewer import Viewer
    from geo_registry.address.reads import Hit

look_app = typer.Typer(no_args_is_help=True, help="Look up persons with a purpose, on the record.")
console = Console()

Login = Annotated[str, typer.Option("--login", help="Your account; the password is asked for.")]
PurposeCode = Annotated[str, typer.Option("--purpose", help="Purpose code, such as 01.")]
Case = Annotated[str, typer.Option("--case", help="Case or acceptance number.")]
Day = Annotated[
    dt.datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="A past day instead of today.")
]

SEXES = {"1": "男", "2": "女"}
CATEGORIES = {
    "local_hukou": "户籍人员", "incomer": "外来人员", "lodger": "寄住人员", "unsettled": "未落户人员",
    "overseas": "境外人员",
}  # fmt: skip
REGISTRATIONS = {
    "draft": "登记草稿", "submitted": "已提交", "officer_review": "民警复核中",
    "station_review": "站级复核中", "returned": "已退回", "active": "有效", "changed": "已变更",
    "cancelled": "已注销", "expired": "已过期",
}  # fmt: skip


@contextmanager
def signed_in(login: str) -> Iterator[tuple[str, "Viewer"]]:
    """Sign in for the length of a command; the password comes from GEO_REGISTRY_PASSWORD or the keyboard."""
    from geo_registry.access.viewer import enter
    from geo_registry.account.sessions import sign_in, sign_out
    from geo_registry.db import app_engine, transaction

    password = os.environ.get("GEO_REGISTRY_PASSWORD") or str(
        typer.prompt(f"Password of {login}", hide_input=True)
    )
    with refusing():
        engine = app_engine()
        try:
            token = sign_in(engine, login, password)
        except NotSignedIn as error:
            if error.code != "second-factor-required":
                raise
            code = str(typer.prompt("Code of the second factor"))
            token = sign_in(engine, login, password, code=code)
        with transaction(engine) as session:
            viewer = enter(session, token)
        try:
            yield token, viewer
        finally:
            with transaction(engine) as session:
                sign_out(session, token)


@look_app.command(
    epilog="Example: geo-registry look occupants 映月路218弄6号402室 --purpose 01 --case 居登1183 --login du"
)
def occupants(place: str, purpose: PurposeCode, case: Case, login: Login, on: Day = None) -> None:
    """以房找人: list who lives in a unit or building, named by address text or public code."""
    from geo_registry.address.reads import search
    from geo_registry.db import app_engine, transaction
    from geo_registry.residence.reads import Look, occupants_of_building, occupants_of_unit

    with signed_in(login) as (token, viewer):
        with transaction(app_engine()) as session:
            hit = _meant(search(session, viewer, text=place, limit=5).hits)
        request = Look(token, purpose, case, valid_at=on.date() if on else None)
        if hit.unit_id:
            answer = occupants_of_unit(app_engine(), request, hit.unit_id)
        else:
            answer = occupants_of_building(app_engine(), request, hit.building_id or hit.id, limit=500)
    table = Table(
        "户室",
        "姓名",
        "性别",
        "年龄",
        "类别",
        "证件末两位",
        "居住自",
        title=f"{hit.text} · {answer.valid_at}",
    )
    for row in answer.occupants:
        table.add_row(
            row["unit"],
            *_person(row),
            CATEGORIES.get(row["category"], row["category"]),
            row["id_tail"] or "-",
            row["since"],
        )
    console.print(table, f"审计号 {answer.audit_id} · {len(answer.occupants)} 人", sep="\n")


@look_app.command(epilog="Example: geo-registry look dwellings --purpose 01 --case 居登1183 --login du")
def dwellings(
    purpose: PurposeCode,
    case: Case,
    login: Login,
    id_type: Annotated[str, typer.Option("--id-type", help="111 identity card, 414 passport, ...")] = "111",
    on: Day = None,
) -> None:
    """以人找房: list every dwelling of the person of an identity number, which is asked for."""
    from geo_registry.db import app_engine
    from geo_registry.residence.reads import Look, dwellings_of_person

    with signed_in(login) as (token, _viewer):
        number = str(typer.prompt("Identity number", hide_input=True))
        request = Look(token, purpose, case, valid_at=on.date() if on else None)
        answer = dwellings_of_person(app_engine(), request, id_type, number)
    table = Table("地址", "户室", "类别", "自", "至", "登记", title=" ".join(_person(answer.person)))
    for row in answer.person["dwellings"]:
        table.add_row(
            row["address"],
            row["unit"],
            CATEGORIES.get(row["category"], row["category"]),
            row["since"],
            row["until"] or "至今",
            REGISTRATIONS.get(row["registration"] or "", "-"),
        )
    console.print(table, f"审计号 {answer.audit_id}", sep="\n")


def _meant(hits: Sequence["Hit"]) -> "Hit":
    """Return the one unit or building that was named; a mere candidate is told, not looked into."""
    places = [hit for hit in hits if hit.unit_id or hit.building_id]
    best = [hit for hit in places if hit.match != "C" and hit.score == places[0].score]
    if len({hit.unit_id or hit.building_id for hit in best}) == 1:
        return best[0]
    named = {hit.unit_id or hit.building_id: f"{hit.text}（{hit.code}）" for hit in reversed(best or places)}
    similar = "、".join(reversed(named.values()))
    if not similar:
        raise NotFound("not-found", "没有这一户室或楼栋，或不在您的区域内")
    raise NotFound("not-one", f"没有唯一相符的户室或楼栋，请写全地址或用编码。相近的有：{similar}")


def _person(row: dict[str, Any]) -> tuple[str, str, str]:
    if row["minor"]:
        return "未满14岁", "-", "-"
    return row["name"], SEXES.get(row["sex"], "未知"), str(row["age"])
