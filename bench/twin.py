"""The anchor: an empty FastAPI application with the service's models and no work behind them.

A process of its own (`python -m bench.twin`). Its port, uvicorn's settings and the service's own
answers, which it gives again, come as JSON on its standard input.
"""

import json
import sys
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import uvicorn
from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from app.instruments.schemas import ScoreRequest, ScoresOut
from app.responses.answer_schemas import ResponseOut
from app.responses.schemas import Submission
from app.trends.schemas import TrendOut
from bench.work import HOST

Key = Annotated[object, Depends(HTTPBearer())]


class Health(BaseModel):
    """As the service's."""

    status: str


@dataclass(frozen=True, slots=True)
class Answers:
    """Real answers of the service, as JSON values."""

    later: Any
    """To a submission with ratings before it, so with changes."""
    first: Any
    """To the first submission of an alliance."""
    scores: Any
    trend: Any


def create_twin(answers: Answers) -> FastAPI:
    """The application. Each route validates as the service's does and returns a model made once."""
    later = ResponseOut.model_validate(answers.later)
    first = ResponseOut.model_validate(answers.first)
    scores = ScoresOut.model_validate(answers.scores)
    trend = TrendOut.model_validate(answers.trend)
    health = Health(status="ok")
    twin = FastAPI(openapi_url=None)

    @twin.post("/v1/responses", status_code=201)
    async def submit_response(body: Submission, key: Key) -> ResponseOut:  # noqa: ARG001
        return later

    @twin.post("/first/v1/responses", status_code=201)
    async def submit_first(body: Submission, key: Key) -> ResponseOut:  # noqa: ARG001
        return first

    @twin.post("/v1/scores")
    async def compute_scores(body: ScoreRequest, key: Key) -> ScoresOut:  # noqa: ARG001
        return scores

    @twin.get("/v1/alliances/{alliance_id}/trend")
    async def get_trend(alliance_id: UUID, key: Key) -> TrendOut:  # noqa: ARG001
        return trend

    @twin.get("/livez")
    async def get_liveness() -> Health:
        return health

    return twin


def main() -> None:
    """Serve until stopped."""
    given = json.load(sys.stdin)
    uvicorn.run(
        create_twin(Answers(**given["answers"])), host=HOST, port=given["port"], **given["server"]
    )


if __name__ == "__main__":
    main()
