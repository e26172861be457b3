"""What is printed: pages laid out on this machine, in a local font, that reach for nothing.

Templates are Jinja with everything escaped; WeasyPrint makes them PDF. An address in a template, whatever it
is, is refused: a paper is complete in itself.
"""

import io
import threading
from functools import cache
from pathlib import Path
from typing import Any, Final, NoReturn

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import ImageFile
from weasyprint import HTML, Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher

# WeasyPrint lets the whole process read pictures that are cut off; papers have none, photos must be whole.
ImageFile.LOAD_TRUNCATED_IMAGES = False

FONT: Final = "Noto Sans CJK SC"
# The fonts that are read once are used by one thread at a time.
_ONE_AT_A_TIME = threading.Lock()


class _Nowhere(URLFetcher):  # type: ignore[misc]
    """Fetches nothing: not from the network, not from the disk, not from the page itself."""

    def fetch(self, url: str, headers: object = None) -> NoReturn:  # noqa: ARG002  (as it is called)
        """Refuse; a paper with an address in it is a fault of ours, and is not printed.

        Raises:
            FatalURLFetchingError: always.

        """
        raise FatalURLFetchingError(f"a paper asks for {url}")


def written(folder: Path, template: str, **values: Any) -> str:  # noqa: ANN401  (whatever the template shows)
    """Return a template of a folder filled with values, which are escaped."""
    return _environment(folder).get_template(template).render(font=FONT, square_code=square_code, **values)


def laid_out(html: str) -> Document:
    """Return pages of HTML as they will be printed."""
    with _ONE_AT_A_TIME:
        return HTML(string=html, url_fetcher=_Nowhere()).render(font_config=_fonts())


def pdf(html: str) -> bytes:
    """Return HTML as PDF."""
    document = laid_out(html)
    with _ONE_AT_A_TIME:
        return bytes(document.write_pdf())


def square_code(text: str) -> Markup:
    """Draw a QR code as SVG; the size is the style's."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn, kind="svg", border=0, xmldecl=False, omitsize=True, svgclass="square-code", lineclass=None
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704  (drawn by us, no text in it)


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _fonts() -> FontConfiguration:
    return FontConfiguration()
