"""Spans of requests for OpenTelemetry, where the operator asks for them.

Without a provider, which `opentelemetry-instrument rapport serve` sets up, this does nothing.
One span a request, named by its route, with method, route and status: never a path or a query,
which hold references of people. FastAPI's own spans do, so they are off.
"""

from collections.abc import Iterable
from typing import Final

from opentelemetry import propagate, trace
from opentelemetry.trace import Span, SpanKind, StatusCode

_tracer: Final = trace.get_tracer("rapport")
FAILED: Final = 500
TRACE_HEADERS: Final = frozenset({b"traceparent", b"tracestate"})


def began(method: str, headers: Iterable[tuple[bytes, bytes]]) -> Span:
    """The span of a request, under the one that its traceparent names."""
    carrier = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers
        if name in TRACE_HEADERS
    }
    return _tracer.start_span(method, context=propagate.extract(carrier), kind=SpanKind.SERVER)


def ended(span: Span, method: str, route: str, status: int | None) -> None:
    """End the span. status None: the request was not answered."""
    if span.is_recording():
        span.update_name(f"{method} {route}")
        span.set_attribute("http.request.method", method)
        span.set_attribute("http.route", route)
        if status is not None:
            span.set_attribute("http.response.status_code", status)
        if status is None or status >= FAILED:
            span.set_status(StatusCode.ERROR)
    span.end()
