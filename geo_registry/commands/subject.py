"""Command ``geo-registry subject-report``: what is stored of a person and who looked, for that person."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from geo_registry.commands.look import CATEGORIES, Case, Login, PurposeCode, signed_in

console = Console()
STORED = {
    "name": "姓名", "sex": "性别", "birth": "出生年月", "id_number": "证件号码", "phone": "电话",
}  # fmt: skip
WAYS = {
    "number": "按证件号码", "person": "查看此人", "housing_unit": "按户室", "building": "按楼栋",
    "disclosure": "对外提供", "name": "按姓名", "list": "区域名单", "registration_case": "登记案件",
    "person_lineage": "合并拆分", "declaration": "网上申报", "death_notice": "死亡通知",
    "separation_run": "人户分离核查",
}  # fmt: skip


def subject_report(
    purpose: PurposeCode,
    case: Case,
    login: Login,
    id_type: Annotated[str, typer.Option("--id-type", help="111 identity card, 414 passport, ...")] = "111",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write JSON to a file instead of a table.")
    ] = None,
) -> None:
    """Tell what is stored of the person of an identity number, which is asked for, and who looked at it."""
    from geo_registry.db import app_engine
    from geo_registry.residence.reads import Look
    from geo_registry.residence.subject import subject_report as report_of

    with signed_in(login) as (token, _viewer):
        number = str(typer.prompt("Identity number", hide_input=True))
        report = report_of(app_engine(), Look(token, purpose, case), id_type, number)
    if output:
        output.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        console.print(f"{len(report['looks'])} looks in {output}", soft_wrap=True)
        return
    stored = "、".join(STORED[field] for field in report["stored"])
    homes = _table(
        "地址", "户室", "类别", "自", "至", title=f"{report['name'] or '未满14岁'} · 存有 {stored}"
    )
    for row in report["dwellings"]:
        kind = CATEGORIES.get(row["category"], row["category"])
        homes.add_row(row["address"], row["unit"], kind, row["since"], row["until"] or "至今")
    looks = _table("时间", "方式", "角色", "单位", "目的", "依据", title="查看记录")
    for row in report["looks"]:
        way, at = WAYS.get(row["way"], row["way"]), row["at"][:16].replace("T", " ")
        looks.add_row(at, way, row["role_title"], row["office"], row["purpose_title"], row["legal_basis"])
    console.print(homes, looks, f"审计号 {report['audit_id']}", sep="\n")


def _table(*headings: str, title: str) -> Table:
    """Return a table that breaks long cells; a report leaves nothing out."""
    return Table(*(Column(heading, overflow="fold") for heading in headings), title=title)
