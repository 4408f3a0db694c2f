"""Builds the application: routers, edge, documentation, start and stop."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from fastapi.telemetry import TelemetryConfig
from pydantic.json_schema import models_json_schema

from app.alliances.router import router as alliances
from app.caseloads.router import router as caseloads
from app.charts.router import router as charts
from app.comparisons.router import router as comparisons
from app.coverage.router import router as coverage
from app.database import connected
from app.edge.admission import Admission
from app.edge.contract import (
    add_headers,
    hoist_descriptions,
    keep_examples_whole,
    say_plain_queries,
)
from app.edge.draining import Draining
from app.edge.middleware import Edge
from app.edge.problem_documents import ProblemOut, answer_with_problems
from app.edge.short_cut import short_cuts
from app.events.router import router as events
from app.exports.router import router as exports
from app.imports.router import router as imports
from app.instruments.definitions import Catalogue, shipped
from app.instruments.router import router as instruments
from app.instruments.schemas import ScoreRequest
from app.marks.router import router as marks
from app.occasions.router import router as occasions
from app.operation.readiness import Watch
from app.operation.router import router as operation
from app.own_instruments.router import router as own_instruments
from app.own_instruments.schemas import DraftIn, PreviewIn
from app.people.router import router as people
from app.programs.router import router as programs
from app.responses.flights import Flights
from app.responses.router import router as responses
from app.responses.schemas import VoidInBatch
from app.settings import Settings, read_settings
from app.signal_settings.router import router as signal_settings
from app.signals.router import router as signals
from app.telemetry import configure_logging
from app.tenants.authentication import CALLER_HEADERS, Clock, KnownKeys
from app.tenants.router import router as tenants
from app.trends.router import router as trends
from app.wordings.router import router as wordings

VERSION: Final = "0.1.0"
DESCRIPTION: Final = """\
Working-alliance measurement for software that helps people help people: hand over a filled-in
questionnaire, get its scores and its change against the same pair's own past, read the course.

Every error is a problem document (RFC 9457). Times are RFC 3339 with offset, dates `YYYY-MM-DD`.
Unknown fields in a request are refused; answers may gain fields and codes at any time.
"""
ASSETS: Final = "/docs/assets"
NO_TELEMETRY: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
}
ROUTERS: Final = (
    responses,
    occasions,
    marks,
    alliances,
    people,
    trends,
    charts,
    programs,
    signals,
    signal_settings,
    caseloads,
    coverage,
    comparisons,
    events,
    exports,
    imports,
    instruments,
    wordings,
    own_instruments,
    tenants,
    operation,
)
"""In the order of the contract."""


def utc_now() -> datetime:
    """The time, by this machine's clock."""
    return datetime.now(UTC)


def app_from_environment() -> FastAPI:
    """The application as this process's environment sets it up. Raises StartRefused."""
    settings = read_settings()
    configure_logging(settings.log_level)
    api = create_app(settings)
    keep_what_is_there()
    return api


def keep_what_is_there() -> None:
    """Tell the collector that what is there now stays for the life of the process.

    It need not look at it again and again, which under load costs a tenth of every request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def create_app(
    settings: Settings, *, clock: Clock = utc_now, catalogue: Catalogue | None = None
) -> FastAPI:
    """The application; it connects when it starts and disconnects when it stops.

    clock and catalogue stand in for the machine's time and the shipped instruments.
    """
    admission = Admission(settings.key_rate / settings.workers)
    draining = Draining(settings.drain_seconds)

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        with draining.on_sigterm():
            async with connected(
                settings.database_url, pool_size=settings.pool_size, at_once=False
            ) as database:
                api.state.database = database
                yield

    api = Api(
        title="Rapport",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        # Its spans hold paths and queries, and so references of people; ours are in app.tracing.
        telemetry=NO_TELEMETRY,
    )
    api.state.clock = clock
    api.state.catalogue = catalogue or shipped()
    api.state.known_keys = KnownKeys()
    api.state.flights = Flights(api.state.catalogue)
    api.state.admission, api.state.draining = admission, draining
    api.state.watch = Watch(settings, draining)
    _complete(api)
    return api


def _complete(api: FastAPI) -> None:
    """What is the same whatever the settings: the edge, problems, routes, assets."""
    api.add_middleware(
        Edge,
        admission=api.state.admission,
        draining=api.state.draining,
        short_cuts=short_cuts(responses.routes, ["submit_response"]),
    )
    answer_with_problems(api)
    for router in ROUTERS:
        api.include_router(router)
    api.include_router(pages)
    assets = files("fastapi_offline") / "static"
    api.mount(ASSETS, StaticFiles(directory=str(assets)), name="assets")


class Api(FastAPI):
    """FastAPI, with the one schema that its routes refer to by name."""

    def openapi(self) -> dict[str, Any]:
        """The contract, with the schemas that it refers to by name among its components."""
        contract = super().openapi()
        schemas: dict[str, Any] = contract["components"]["schemas"]
        if ProblemOut.__name__ not in schemas:
            _, named = models_json_schema(
                [
                    (ProblemOut, "serialization"),
                    (ScoreRequest, "validation"),
                    (VoidInBatch, "validation"),
                ],
                ref_template="#/components/schemas/{model}",
            )
            schemas |= named["$defs"]
            contract["components"]["schemas"] = dict(sorted(schemas.items()))
            keep_examples_whole(contract, DraftIn, PreviewIn)
            hoist_descriptions(contract)
            say_plain_queries(contract)
            add_headers(contract, CALLER_HEADERS)
        return contract


pages = APIRouter()


@pages.get("/docs", include_in_schema=False)
async def get_docs() -> HTMLResponse:
    """The contract to read and try; every asset comes from this service."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Rapport",
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS}/favicon.png",
    )
