"""The application: engine, gates and routes."""

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api import problems
from api.guard import Guard
from api.journal import Journal, Limit
from api.routes import (
    acceptances,
    account,
    accounts,
    address_changes,
    address_work,
    addresses,
    areas,
    audit,
    blocks,
    buildings,
    changes,
    death_notices,
    declarations,
    disclosures,
    dwelling_notes,
    estates,
    focus_areas,
    history,
    lineages,
    measures,
    naming_cases,
    numbering,
    old_signs,
    operations,
    papers,
    photos,
    plate_batches,
    plate_reports,
    plate_tasks,
    plates,
    premises,
    purposes,
    readings,
    registrations,
    residence,
    reviews,
    samples,
    separation,
    session,
    streets,
    subject,
    tiles,
    tips,
    units,
    verifications,
    visits,
    zones,
)  # fmt: skip
from geo_registry import db, log
from geo_registry.address.search.guesses import prepare
from geo_registry.audit.reviews import keep_up
from geo_registry.measure.refresh import turn_days
from geo_registry.verification.tips import keep_tips
from web_map.app import install as install_pages

VERSION = "0.1.0"
# Paths are tried one after the other: looks at persons, of which there are most, come first.
ROUTERS = (
    residence.router,
    registrations.router,
    session.router,
    account.router,
    accounts.router,
    purposes.router,
    areas.router,
    streets.router,
    naming_cases.router,
    numbering.router,
    address_changes.router,
    estates.router,
    readings.router,
    # Before those that take any name below the same path for an id.
    address_work.router,
    addresses.router,
    buildings.router,
    units.router,
    plates.router,
    old_signs.router,
    plate_batches.router,
    plate_reports.router,
    plate_tasks.router,
    photos.router,
    blocks.router,
    blocks.coordinators_router,
    visits.router,
    subject.router,
    audit.router,
    reviews.router,
    disclosures.router,
    declarations.router,
    death_notices.router,
    separation.router,
    papers.router,
    lineages.router,
    history.router,
    measures.router,
    samples.router,
    changes.router,
    tiles.router,
    zones.router,
    focus_areas.router,
    verifications.router,
    dwelling_notes.router,
    tips.router,
    premises.router,
    acceptances.router,
    operations.router,
)


def create_app(database_url: str | None = None) -> FastAPI:
    """Return the application over one database; by default that of the installation."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if not logging.getLogger().handlers:
            log.configure()
        app.state.engine = db.app_engine(database_url)
        stop = threading.Event()
        kept = [
            threading.Thread(target=work, args=(app.state.engine, stop), daemon=True)
            for work in (turn_days, keep_up, keep_tips)
        ]
        for thread in kept:
            thread.start()
        threading.Thread(target=prepare, args=(app.state.engine,), daemon=True).start()
        yield
        stop.set()
        for thread in kept:
            thread.join(timeout=5)
        app.state.engine.dispose()

    app = FastAPI(
        title="geo_registry",
        version=VERSION,
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=problems.RESPONSES,
    )
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    install_pages(app)
    # The last one added stands outermost: log, then gate, then the places at the database.
    app.add_middleware(Limit, most=db.POOL_SIZE)
    app.add_middleware(Guard)
    app.add_middleware(Journal)
    return app
