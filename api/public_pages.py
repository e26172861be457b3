"""How the public zone answers: plain pages without a script, and the fields of its forms."""

import urllib.parse
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from geo_registry.errors import RuleBroken
from web_map.render import environment

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def page(template: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401  (as a template takes)
    """Answer with a page that no browser keeps."""
    return HTMLResponse(environment().get_template(template).render(**values), status, _HEADERS)


def fields_of(request: Request, names: tuple[str, ...]) -> dict[str, str]:
    """Return the fields of a posted form, empty where missing; of a double one the first.

    Raises:
        RuleBroken: the body is no form.

    """
    try:
        body = request.state.body.decode("ascii")
        sent = urllib.parse.parse_qs(body, keep_blank_values=True, errors="strict", max_num_fields=30)
    except ValueError as error:
        raise RuleBroken("form-unreadable", "表单不能读取，请重新填写后提交") from error
    told = {name: " ".join(sent.get(name, [""])[0][:400].split()) for name in names}
    if not all(text.isprintable() for text in told.values()):
        raise RuleBroken("form-unreadable", "表单含有不能读取的字符，请重新填写后提交")
    return told
