"""The checker sees each thing that must not be, and nothing where all is well."""

from collections import Counter
from uuid import UUID, uuid4

import pytest

from bench.crash.checker import judged
from bench.crash.history import Answer, History
from bench.crash.stored import Row, State, Stored

ALLIANCE = UUID(int=1)


def row(external_id: str, digest: str = "sent", alliance: UUID = ALLIANCE) -> Row:
    return Row(uuid4(), external_id, digest, alliance, "client")


def stored(*rows: Row) -> Stored:
    count = Counter(row.role for row in rows)
    state = State(count.total(), dict(count))
    told = Counter(row.id for row in rows)
    return Stored(list(rows), {ALLIANCE: state} if rows else {}, told, 0)


def told(*answers: tuple[str, int, bytes]) -> History:
    history = History()
    for external_id, status, body in answers:
        history.invoke(external_id, "sent")
        history.answered(external_id, Answer(status, body))
    return history


def wrong(history: History, found: Stored) -> dict[str, int]:
    return {kind: count for kind, count in judged(history, found).counts().items() if count}


def test_what_was_answered_and_stored_once_is_well() -> None:
    history = told(("a", 201, b"1"), ("a", 200, b"1"), ("b", 503, b""), ("b", 201, b"2"))

    assert history.acknowledged == 2
    assert judged(history, stored(row("a"), row("b"))).clean()


@pytest.mark.parametrize("rows", [(), ("a",)])
def test_an_unknown_outcome_may_be_stored_or_not(rows: tuple[str, ...]) -> None:
    history = History()
    history.invoke("a", "sent")
    history.info("a", "ConnectionResetError")

    assert judged(history, stored(*map(row, rows))).clean()


def test_acknowledged_and_not_stored_is_lost() -> None:
    assert judged(told(("a", 201, b"")), stored()).lost == ["a"]


def test_stored_twice_is_a_duplicate() -> None:
    assert wrong(told(("a", 201, b"")), stored(row("a"), row("a"))) == {"duplicate": 1}


def test_said_twice_to_be_stored_now_is_a_duplicate() -> None:
    assert wrong(told(("a", 201, b""), ("a", 201, b"")), stored(row("a"))) == {"duplicate": 1}


def test_stored_and_never_sent_is_a_phantom() -> None:
    assert wrong(History(), stored(row("a"))) == {"phantom": 1}


def test_stored_although_refused_is_a_phantom() -> None:
    assert wrong(told(("a", 422, b"")), stored(row("a"))) == {"phantom": 1, "refused": 1}


def test_another_word_on_replay_is_divergent() -> None:
    assert wrong(told(("a", 201, b"1"), ("a", 200, b"2")), stored(row("a"))) == {"divergent": 1}


def test_another_request_id_is_not_divergent() -> None:
    bodies = (b'{"request_id": "1", "id": 3}', b'{"request_id": "2", "id": 3}')
    history = told(*(("a", status, body) for status, body in zip((201, 200), bodies, strict=True)))

    assert wrong(history, stored(row("a"))) == {}


def test_stored_with_other_content_is_altered() -> None:
    assert wrong(told(("a", 201, b"")), stored(row("a", "other"))) == {"altered": 1}


@pytest.mark.parametrize(
    "state", [State(0, {"client": 1}), State(1, {}), State(1, {"client": 2}), None]
)
def test_a_state_that_counts_otherwise_is_seen(state: State | None) -> None:
    found = stored(row("a"))
    found.states.clear()
    if state:
        found.states[ALLIANCE] = state

    assert wrong(told(("a", 201, b"")), found) == {"miscounted": 1}


@pytest.mark.parametrize("times", [0, 2])
def test_a_response_that_not_one_event_tells_of_is_seen(times: int) -> None:
    found = stored(row("a"))
    found.told[found.rows[0].id] = times

    assert wrong(told(("a", 201, b"")), found) == {"mistold": 1}


def test_an_event_of_nothing_is_seen() -> None:
    found = stored()
    found.told[UUID(int=7)] = 1

    assert wrong(History(), found) == {"mistold": 1}


def test_one_id_is_never_sent_with_two_payloads() -> None:
    history = told(("a", 201, b""))

    with pytest.raises(ValueError, match="another payload"):
        history.invoke("a", "other")
