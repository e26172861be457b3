"""The Chinese words of ledger, sheets, volumes and permits; an unknown code stays as it is."""

from web_map.registration_words import ACTIONS, END_REASONS, FORMS

__all__ = ["ACTIONS", "END_REASONS", "FORMS", "LEDGER", "PERMITS", "PERMIT_STEPS", "SHEETS"]

LEDGER = {
    "active": ("有效", "ok"),
    "submitted": ("待民警复核", "info"),
    "officer_review": ("民警复核中", "info"),
    "station_review": ("待站级复核", "info"),
    "returned": ("已退回", "warning"),
    "changed": ("已变更", "line"),
    "cancelled": ("已注销", "line"),
    "expired": ("已过期", "warning"),
    "done": ("已办结", "ok"),
    "void": ("已作废", "line"),
}
SHEETS = {
    "issued": ("已发放", "info"),
    "filled": ("已填写", "info"),
    "returned": ("已收回", "line"),
    "verified": ("已核对", "line"),
    "entered": ("已录入", "ok"),
    "void": ("已作废", "warning"),
}
PERMITS = {
    "referred": ("已转办", "info"),
    "accepted": ("已受理", "info"),
    "issued": ("已签发", "ok"),
    "endorsed": ("已签注", "ok"),
    "refused": ("不予办理", "warning"),
    "expired": ("已过期", "warning"),
}
PERMIT_STEPS = {"refer": "转办", "accept": "受理", "issue": "签发", "endorse": "签注", "refuse": "不予办理"}
