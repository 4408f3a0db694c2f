"""What a body may be, before its content counts: its media type and how large it is."""

import json
from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from app.edge.json_body import MAX_BATCH_BYTES, MAX_BODY_BYTES

SCORE = {"instrument": "srs-3", "form": "client", "answers": {"1": 9.4, "2": 9, "3": 8, "4": 9}}
LIMITS = {
    "/v1/scores": (MAX_BODY_BYTES, SCORE, 200),
    "/v1/scores:batch": (MAX_BATCH_BYTES, {"items": [SCORE]}, 207),
}
REFUSED_TYPES = [
    None,
    "",
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "application/",
    "json",
    "application/json; charset=latin-1",
    "application/json; charset=utf-16",
    'application/json; profile=x; charset="iso-8859-1"',
]
TAKEN_TYPES = [
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "application/vnd.clinic+json",
]


def of_size(size: int, value: object) -> bytes:
    text = json.dumps(value).encode()
    return text + b" " * (size - len(text))


async def in_chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
@pytest.mark.parametrize("path", LIMITS)
async def test_the_limit_is_taken_and_one_byte_more_is_not(
    client: AsyncClient, path: str, *, chunked: bool
) -> None:
    limit, value, status = LIMITS[path]
    answers = []
    for size in (limit, limit + 1):
        body = of_size(size, value)
        content = in_chunks(body) if chunked else body
        answers.append(
            await client.post(path, content=content, headers={"Content-Type": "application/json"})
        )
        assert ("content-length" in answers[-1].request.headers) is not chunked

    assert [answer.status_code for answer in answers] == [status, 413]
    assert answers[1].json()["code"] == "body_too_large"


async def test_a_declared_length_is_refused_before_anything_is_read(client: AsyncClient) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"{}"

    headers = {"Content-Length": str(10**12)}
    answer = await client.post("/v1/scores", content=body(), headers=headers)

    assert answer.status_code == 413
    assert not read


async def test_reading_ends_at_the_limit(client: AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    answer = await client.post(
        "/v1/scores", content=endless(), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 413
    assert sent <= MAX_BODY_BYTES + 2 * 65_536


@pytest.mark.parametrize("length", ["\u00b2", "-1", "+5", "1e3", "", "0x10", "9" * 5000])
async def test_no_declared_length_is_an_error_of_ours(client: AsyncClient, length: str) -> None:
    answer = await client.post(
        "/v1/scores",
        content=json.dumps(SCORE).encode(),
        headers=[
            (b"Content-Type", b"application/json"),
            (b"Content-Length", length.encode("latin-1")),
        ],
    )

    assert answer.status_code in {200, 413}


@pytest.mark.parametrize("media_type", REFUSED_TYPES)
async def test_only_json_in_utf_8_is_taken(client: AsyncClient, media_type: str | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    answer = await client.post("/v1/scores", content=json.dumps(SCORE), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_a_form_is_refused(client: AsyncClient) -> None:
    answer = await client.post("/v1/scores", data={"instrument": "srs-3"})

    assert answer.status_code == 415


@pytest.mark.parametrize("media_type", TAKEN_TYPES)
async def test_json_is_taken_however_its_type_is_spelt(
    client: AsyncClient, media_type: str
) -> None:
    headers = {"Content-Type": media_type}
    answer = await client.post("/v1/scores", content=json.dumps(SCORE), headers=headers)

    assert answer.status_code == 200
