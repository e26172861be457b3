"""Is the server alive and ready; what its problems mean."""

from html import escape

from fastapi import APIRouter, Depends, Response

from api.deps import App, answer, everybody
from api.problems import KINDS
from geo_registry.access import health
from geo_registry.errors import NotFound, Unavailable

router = APIRouter(tags=["operations"], dependencies=[Depends(everybody)])


@router.get("/health/live")
def live() -> Response:
    """Tell that the process answers."""
    return answer({"status": "live"})


@router.get("/health/ready")
def ready(engine: App) -> Response:
    """Tell whether the database answers and has every migration."""
    state = health.state_of(engine)
    if not state.is_current:
        raise Unavailable("migration-missing", "数据库结构与程序版本不一致")
    return answer({"status": "ready", "revision": state.revision})


@router.get("/problems/{slug}")
def problem(slug: str) -> Response:
    """Explain one type of problem, offline."""
    for error, kind in KINDS.items():
        if kind.slug == slug:
            title = escape(error.title)
            page = f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title}</title>'
            page += f"<h1>{title}</h1><p>HTTP {kind.status} · <code>{slug}</code></p>"
            return Response(page, media_type="text/html")
    raise NotFound("not-found", "没有这一问题类型")
