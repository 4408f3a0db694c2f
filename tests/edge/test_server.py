"""The same through a real server: what uvicorn adds, and what HTTP itself allows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest
import uvicorn
from fastapi import FastAPI

from app.cli.serve import SERVER
from app.edge.json_body import MAX_BODY_BYTES

HEAD_END = b"\r\n\r\n"


class Server(uvicorn.Server):
    """A server that leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest.fixture(scope="module")
async def port(app: FastAPI) -> AsyncIterator[int]:
    """The application behind `rapport serve`'s own settings."""
    server = Server(uvicorn.Config(app, port=0, lifespan="off", **SERVER))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def exchange(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one answer to raw bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):
        writer.write(request)
        await writer.drain()
    head = await asyncio.wait_for(reader.readuntil(HEAD_END), 10)
    status, *lines = head.decode().strip().split("\r\n")
    headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in lines)}
    body = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return int(status.split()[1]), headers, body


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: service", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + HEAD_END + body


async def test_the_server_does_not_name_itself(port: int) -> None:
    status, headers, _ = await exchange(port, request("GET", "/livez"))

    assert status == 200
    assert "server" not in headers
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/livez", "/nothing", "/v1/instruments"])
async def test_head_has_no_body_and_the_length_of_get(port: int, path: str) -> None:
    got = await exchange(port, request("GET", path))
    status, headers, body = await exchange(port, request("HEAD", path))

    assert (status, body) == (got[0], b"")
    assert headers["content-length"] == got[1]["content-length"] == str(len(got[2]))


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "FROBNICATE"])
async def test_other_methods_are_refused_and_never_mirrored(port: int, method: str) -> None:
    sent = request(method, "/v1/responses", "X-Secret: marker-8713")
    status, headers, body = await exchange(port, sent)

    assert status in {400, 405}  # 400 is the parser's word on a method that HTTP does not know
    assert b"marker-8713" not in body
    assert "marker-8713" not in str(headers)


async def test_a_chunked_body_beyond_the_limit_is_cut_off(port: int) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    sent = request(
        "POST",
        "/v1/scores",
        "Transfer-Encoding: chunked",
        "Content-Type: application/json",
        body=chunk * (MAX_BODY_BYTES // 0x10000 + 1),  # and no end
    )
    status, headers, _ = await exchange(port, sent)

    assert status == 401  # this caller has no key, and hears of nothing else
    assert headers["content-type"] == "application/problem+json"


async def test_a_declared_length_beyond_the_limit_is_not_waited_for(port: int) -> None:
    status, _, _ = await exchange(
        port, request("POST", "/v1/scores", "Content-Length: 1000000000000")
    )

    assert status == 401


async def test_two_lengths_never_reach_a_route(port: int) -> None:
    sent = request(
        "POST", "/v1/scores", "Content-Length: 2", "Transfer-Encoding: chunked", body=b"{}"
    )
    status, _, body = await exchange(port, sent)

    assert status == 400
    assert b"{}" not in body
