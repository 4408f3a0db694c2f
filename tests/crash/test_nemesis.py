"""The nemesis does what its seed says, and the gate tells the steps of a transaction apart."""

from collections import Counter

import pytest

from bench.crash.forms import Forms
from bench.crash.gate import PLACES
from bench.crash.nemesis import Kill, plan
from bench.crash.protocol import Reading, Step


def test_a_seed_gives_one_plan() -> None:
    first, again, other = (plan(seed, 900, kills=9, cuts=12) for seed in (1, 1, 2))

    assert first == again != other


def test_a_plan_has_every_kind_and_keeps_within_the_run() -> None:
    blows = plan(3, 1000, kills=2 * len(Kill), cuts=3 * len(PLACES))
    counts = Counter(blow.what for blow in blows)

    assert counts == dict.fromkeys(Kill, 2) | dict.fromkeys(PLACES, 3)
    assert [blow.after for blow in blows] == sorted(blow.after for blow in blows)
    assert 0 < blows[0].after <= blows[-1].after < 1000


def test_forms_are_made_alike_again_and_each_is_its_own() -> None:
    forms, again = Forms(5, 7), Forms(5, 7)
    made = [forms.form(number) for number in range(100)]

    assert [again.form(number) for number in range(100)] == made
    assert len({form.external_id for form in made}) == 100
    assert len({form.digest for form in made}) == 100


def message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4) + body


def bound(name: bytes) -> bytes:
    return message(b"B", b"\0" + name + b"\0\0\0\0\0\0\0")


CONVERSATION = (
    (8).to_bytes(4) + b"\0\3\0\0",
    message(b"P", b"one\0SELECT 1 FOR NO KEY UPDATE OF state\0\0\0"),
    message(b"P", b"two\0WITH made AS (INSERT INTO responses (id) SELECT 1) SELECT\0\0\0"),
    message(b"P", b"three\0SELECT 1\0\0\0"),
    message(b"Q", b"BEGIN; SET LOCAL app.tenant = ''\0"),
    bound(b"one"),
    bound(b"three"),
    bound(b"two"),
    message(b"Q", b"COMMIT\0"),
    message(b"Q", b"ROLLBACK\0"),
)
STEPS = [Step.BEGIN, Step.LOCK, None, Step.WRITE, Step.COMMIT, None]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_steps_are_read_however_the_bytes_come(size: int) -> None:
    whole, reading = b"".join(CONVERSATION), Reading()
    read = [
        one
        for start in range(0, len(whole), size)
        for one in reading.messages(whole[start : start + size])
    ]

    assert b"".join(text for text, _ in read) == whole
    assert [step for _, step in read] == [None, None, None, None, *STEPS]
