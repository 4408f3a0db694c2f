"""What is no I-JSON is refused as a whole, with 400 and without a word of what was in it."""

import json
import sys

import pytest
from httpx import AsyncClient

from app.edge.json_body import MAX_DEPTH, strict_json
from app.errors import MalformedJson

DEEP = 100_000
MALFORMED = {
    "empty": b"",
    "blank": b" \n",
    "truncated": b'{"instrument": "srs-3"',
    "trailing garbage": b"{} {}",
    "trailing comma": b'{"a": 1,}',
    "comment": b"{} // why",
    "single quotes": b"{'a': 1}",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "-Infinity": b'{"a": -Infinity}',
    "beyond double precision": b'{"a": 1e400}',
    "beyond double precision, negative": b'{"a": [-1e400]}',
    "a number of 5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "a fraction of 5,000 digits before the point": b'{"a": ' + b"9" * 5000 + b".0}",
    "lone high surrogate": rb'{"a": "\ud800"}',
    "lone low surrogate": rb'{"a": "x\udc00y"}',
    "surrogates the wrong way round": rb'{"a": "\udc00\ud800"}',
    "lone surrogate in a name": rb'{"\ud800": 1}',
    "lone surrogate deep inside": rb'{"a": [{"b": ["\ud800"]}]}',
    "NUL": rb'{"a": "\u0000"}',
    "NUL in a name": rb'{"a": [{"\u0000": 1}]}',
    "raw control character": b'{"a": "\x01"}',
    "raw NUL": b'{"a": "\x00"}',
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "Latin-1": '{"a": "müde"}'.encode("latin-1"),
    "surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "overlong UTF-8": b'{"a": "\xc0\xaf"}',
    "UTF-16 with BOM": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without BOM": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32-be"),
    "name twice": b'{"a": 1, "a": 2}',
    "name twice by escape": rb'{"a": 1, "\u0061": 2}',
    "name twice deep inside": b'{"a": [{"b": {"c": 1, "c": 1}}]}',
    "one level too deep in arrays": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "one level too deep in objects": b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
    "very deep arrays": b"[" * DEEP + b"]" * DEEP,
    "very deep objects, not closed": b'{"a":' * (DEEP // 4),
}
TAKEN = {
    "BOM": b"\xef\xbb\xbf" + b'{"a": 1}',
    "pair of surrogates": rb'{"a": "\ud83d\ude00"}',
    "as deep as it may be": b"[" * MAX_DEPTH + b'"x"' + b"]" * MAX_DEPTH,
    "as deep as it may be, in objects": b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH,
    "the largest double": json.dumps(sys.float_info.max).encode(),
    "a number of 300 digits": b"9" * 300,
    "a backslash before a u": rb'"\\u0000"',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_malformed_json_is_refused(client: AsyncClient, body: bytes) -> None:
    answer = await client.post(
        "/v1/scores", content=body, headers={"Content-Type": "application/json"}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")
    assert answer.json()["errors"] == []


@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN.keys())
def test_what_json_allows_is_taken(body: bytes) -> None:
    assert strict_json(body) == json.loads(body)


@pytest.mark.parametrize("body", [b"[" * DEEP, b'{"a":' * DEEP, b'[{"a":' * DEEP])
def test_no_depth_ends_the_process(body: bytes) -> None:
    with pytest.raises(MalformedJson):
        strict_json(body)


async def test_a_byte_order_mark_is_no_part_of_the_text(client: AsyncClient) -> None:
    body = {"instrument": "srs-3", "form": "client", "answers": {"1": 9.4, "2": 9, "3": 8, "4": 9}}
    answer = await client.post(
        "/v1/scores",
        content=b"\xef\xbb\xbf" + json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 200
