"""The Chinese words of verifications, notes, tips and premises on pages."""

from geo_registry.verification.rules import (
    NOTE_OUTCOMES,
    NOTES,
    REFUSALS,
    SPEAKERS,
    TIP_OUTCOMES,
    TIPS,
    VERIFICATION,
)

__all__ = ["NOTES", "NOTE_OUTCOMES", "REFUSALS", "SPEAKERS", "TIPS", "TIP_OUTCOMES", "VERIFICATION"]

TONES = {
    "open": "info", "approved": "ok", "refused": "warning", "withdrawn": "line",
    "pending": "info", "processed": "ok", "ignored": "line", "expired": "warning",
    "handed_over": "info", "closed": "ok",
}  # fmt: skip
VERIFICATION_TABS = (("open", "核实中"), ("approved", "已通过"), ("refused", "已拒绝"), ("", "全部"))
TIP_TABS = (
    ("pending", "待处理"), ("processed", "已处理"), ("ignored", "不处理"), ("expired", "已过期"),
    ("", "全部"),
)  # fmt: skip
