"""What those who run the service ask it."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app import metrics
from app.edge.problem_documents import problem_out
from app.errors import Unavailable
from app.operation.readiness import Watch
from app.tenants.authentication import database_of

router = APIRouter(tags=["Operation"])


class Health(BaseModel):
    """All is well."""

    status: str = Field(description="`ok`.")


class ReadinessOut(Health):
    """The process can serve."""

    worker: str = Field(
        description="`ok`, or `late` when an event has waited for the worker for over a minute. "
        "Serving goes on without it."
    )


@router.get("/livez", operation_id="get_liveness")
async def get_liveness() -> Health:
    """The process answers. Asks nothing else."""
    return Health(status="ok")


@router.get("/readyz", operation_id="get_readiness", responses={503: problem_out(503)})
async def get_readiness(request: Request) -> ReadinessOut:
    """The process can serve.

    Postgres answers, has a schema that this code knows, keeps what is committed through a crash,
    and logs tersely (`log_error_verbosity`), because the DETAIL line of an error would carry
    answers. A process that is about to stop is not ready any more.
    """
    watch: Watch = request.app.state.watch
    readiness = await watch.look(database_of(request), request.app.state.clock())
    if readiness.why_not is not None:
        raise Unavailable(readiness.why_not)
    return ReadinessOut(status="ok", worker="late" if readiness.worker_late else "ok")


@router.get(
    "/metrics",
    operation_id="get_metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Counts and times in Prometheus' text format.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    },
)
async def get_metrics() -> Response:
    """What this `rapport serve` has counted, for Prometheus; never whom anything is about."""
    return Response(metrics.exposition(), media_type=metrics.MEDIA_TYPE)
