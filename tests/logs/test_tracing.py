"""Spans, where an operator has set OpenTelemetry up; and that they name nobody."""

from collections.abc import Callable, Iterator

import pytest
from httpx import AsyncClient
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app import tracing
from tests.logs.conftest import Lines

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("test"))
    yield exporter
    provider.shutdown()


def only(exporter: InMemorySpanExporter) -> ReadableSpan:
    (span,) = exporter.get_finished_spans()
    return span


async def test_a_request_is_one_span_under_its_callers(
    client: AsyncClient, spans: InMemorySpanExporter
) -> None:
    await client.get(
        "/v1/alliances", params={"client_ref": "somebody"}, headers={"traceparent": PARENT}
    )
    span = only(spans)

    assert span.name == "GET /v1/alliances"
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/v1/alliances",
        "http.response.status_code": 200,
    }
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == TRACE
    assert "somebody" not in span.to_json()


async def test_the_trace_stands_in_the_problem_and_in_the_log(
    client: AsyncClient, logged: Callable[[], Lines]
) -> None:
    answer = await client.get("/v1/nothing", headers={"traceparent": PARENT})
    lines = [line for line in logged() if line["event"] == "request"]

    assert answer.json()["trace_id"] == TRACE
    assert [line["trace_id"] for line in lines] == [TRACE]


@pytest.mark.parametrize(
    "wrong", ["", "00-x", f"ff-{TRACE}-b7ad6b7169203331-01", f"00-{'0' * 32}-b7ad6b7169203331-01"]
)
async def test_what_is_no_traceparent_is_passed_over(client: AsyncClient, wrong: str) -> None:
    answer = await client.get("/v1/nothing", headers={"traceparent": wrong})

    assert "trace_id" not in answer.json()
