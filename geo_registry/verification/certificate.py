"""居住证明: the proof of a lawful, stable dwelling as PDF, one form; it names the dwelling and no person."""

from functools import cache
from pathlib import Path
from typing import NoReturn

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from geo_registry.db import today
from geo_registry.verification.reads import VerificationDetail

PAPER = Path(__file__).with_name("paper")


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(PAPER), autoescape=True, undefined=StrictUndefined)


def certificate_pdf(found: VerificationDetail, *, turn: int) -> bytes:
    """Return the proof of an approved verification; a reprint says which one it is."""
    import weasyprint

    html = (
        _environment().get_template("certificate.html").render(row=found.row, turn=turn, printed_on=today())
    )
    pdf: bytes = weasyprint.HTML(string=html, url_fetcher=_fetch_nothing).write_pdf()
    return pdf


def _fetch_nothing(url: str, *_: object, **__: object) -> NoReturn:
    raise ValueError(f"the form fetches nothing: {url[:40]}")
