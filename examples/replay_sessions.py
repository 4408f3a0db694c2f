"""Push 277 recorded sessions through the API and compare its totals with the authors' own.

The data are the WAI (36 items) and the four session ratings that simulated clients gave after
counselling conversations (IanSteenstra/ai-psychotherapy-eval, Apache-2.0). They are no norms.
This is a client like any other: it knows the HTTP API and nothing of the service's code.
Running it again stores nothing new, because every submission carries an id of its own.

    .venv/bin/python examples/replay_sessions.py --url http://127.0.0.1:8000
"""

import argparse
import csv
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

CLONE = Path(__file__).resolve().parents[1]
LABELS = ("Never", "Rarely", "Occasionally", "Sometimes", "Often", "Very Often", "Always")
VALUES = {label: value for value, label in enumerate(LABELS, start=1)}
SOURCE = "steenstra-2025"
WAI_FILE = "steenstra_2025_survey_wai_logs.csv"
SRS_FILE = "steenstra_2025_survey_srs_logs_with_total.csv"
PAIRINGS_FILE = "steenstra_2025_simulation_pairings.csv"
SRS_COLUMNS = ("relationship", "goals_and_topics", "approach_or_method", "overall")
TRIES = 4

Row = Mapping[str, str]


class Stopped(Exception):
    """The replay cannot go on; the message is the one line to print."""


@dataclass(frozen=True)
class Session:
    """One filled-in form: what is sent, and the authors' totals (scale -> total)."""

    submission: dict[str, Any]
    totals: Mapping[str, float]


def main() -> int:
    """Replay, print the comparison; 0 when done, 1 when refused, 2 without data or key."""
    options = _options()
    missing = [n for n in (WAI_FILE, SRS_FILE, PAIRINGS_FILE) if not (options.data / n).is_file()]
    if missing:
        print(f"No data: {options.data} has no {missing[0]}.", file=sys.stderr)
        return 2
    key = options.key or _key_on_file()
    if not key:
        print("No key: give --key or RAPPORT_KEY, or run `make run` first.", file=sys.stderr)
        return 2
    wai, srs = _sessions(options.data)
    try:
        with _client(options.url, key) as client:
            scores = _replayed(client, [*wai, *srs])
            definition = _answer(client.get("/v1/instruments/wai-1989"))["definition"]
    except (Stopped, httpx.TransportError) as stopped:
        print(f"\nStopped: {stopped}", file=sys.stderr)
        return 1
    _print_comparison(wai, srs, scores)
    _print_bond(wai, definition)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the service listens")
    parser.add_argument(
        "--key",
        default=os.environ.get("RAPPORT_KEY"),
        help="an API key; by default RAPPORT_KEY, else the demo key in .rapport/demo-key",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=CLONE.parent / "shared" / "data",
        help="the folder with the three CSV files",
    )
    return parser.parse_args()


def _key_on_file() -> str:
    file = CLONE / ".rapport" / "demo-key"
    return file.read_text(encoding="ascii").strip() if file.is_file() else ""


def _client(url: str, key: str) -> httpx.Client:
    return httpx.Client(
        base_url=url,
        headers={"Authorization": f"Bearer {key}"},
        timeout=30,
        mounts={"all://127.0.0.1": None, "all://localhost": None},  # no proxy to this machine
    )


def _sessions(data: Path) -> tuple[list[Session], list[Session]]:
    pairings = {row["pairing_id"]: row for row in _rows(data / PAIRINGS_FILE)}
    wai = [_wai_session(row, pairings[row["pairing_id"]]) for row in _rows(data / WAI_FILE)]
    srs = [_srs_session(row, pairings[row["pairing_id"]]) for row in _rows(data / SRS_FILE)]
    return wai, srs


def _rows(file: Path) -> Iterator[Row]:
    with file.open(encoding="utf-8", newline="") as opened:
        yield from csv.DictReader(opened)


def _wai_session(row: Row, pairing: Row) -> Session:
    answers = {str(item): VALUES[row[f"question{item}"]] for item in range(1, 37)}
    totals = {
        "tasks": float(row["total_wai_task"]),
        "bond": float(row["total_wai_bond"]),
        "goals": float(row["total_wai_goal"]),
    }
    return Session(_submission("wai-1989", row, pairing, answers), totals)


def _srs_session(row: Row, pairing: Row) -> Session:
    answers = {str(item): float(row[column]) for item, column in enumerate(SRS_COLUMNS, start=1)}
    return Session(
        _submission("srs-3", row, pairing, answers), {"total": round(float(row["total"]), 1)}
    )


def _submission(
    instrument: str, row: Row, pairing: Row, answers: Mapping[str, float]
) -> dict[str, Any]:
    """One form. The data have no dates, so none is sent: the session's number orders them."""
    pairing_id, session_id = row["pairing_id"], row["session_id"]
    return {
        "external_id": f"{instrument}:{pairing_id}:{session_id}",
        "source": SOURCE,
        "alliance": {
            "external_id": f"pairing-{pairing_id}",
            "client_ref": f"simulated-client-{pairing['patient_id']}",
            "professional_ref": pairing["therapist_id"],
            "setting": "counselling",
        },
        "instrument": instrument,
        "language": "en",
        "rater": {"role": "client"},
        "occasion": {"session_number": int(session_id)},
        "answers": answers,
        "backfill": True,
    }


def _replayed(client: httpx.Client, sessions: Sequence[Session]) -> dict[str, dict[str, float]]:
    """Submit every session; external_id -> scale -> the service's value. Raises Stopped."""
    scores: dict[str, dict[str, float]] = {}
    statuses: Counter[int] = Counter()
    for number, session in enumerate(sessions, start=1):
        answer = _posted(client, session.submission)
        found = _answer(answer)
        statuses[answer.status_code] += 1
        scores[found["external_id"]] = {s["scale"]: s["value"] for s in found["scores"]}
        _show_progress(number, len(sessions))
    print(f"{statuses[201]} stored, {statuses[200]} stored before.")
    return scores


def _posted(client: httpx.Client, submission: Mapping[str, Any]) -> httpx.Response:
    """The answer to a submission. Its external_id makes trying again safe."""
    for left in range(TRIES - 1, 0, -1):
        try:
            answer = client.post("/v1/responses", json=submission)
        except httpx.TransportError:
            time.sleep(1)
            continue
        if not answer.is_server_error:
            return answer
        time.sleep(float(answer.headers.get("Retry-After", TRIES - left)))
    return client.post("/v1/responses", json=submission)


def _answer(answer: httpx.Response) -> dict[str, Any]:
    """The JSON of an answer. Raises Stopped with what a problem document says."""
    if answer.is_success:
        found: dict[str, Any] = answer.json()
        return found
    if not answer.headers.get("Content-Type", "").startswith("application/problem+json"):
        raise Stopped(f"{answer.status_code} without a problem document; is that a Rapport?")
    problem = answer.json()
    mend = "".join(f"\n  {e['pointer']}: {e['detail']}" for e in problem["errors"])
    raise Stopped(
        f"{problem['status']} {problem['code']}: {problem['detail']}{mend}"
        f"\n  request {problem['request_id']}"
    )


def _show_progress(done: int, of: int) -> None:
    if sys.stdout.isatty():
        print(f"\r{done} of {of} forms", end="\n" if done == of else "", flush=True)
    elif done % 100 == 0 or done == of:
        print(f"{done} of {of} forms", flush=True)


def _print_comparison(
    wai: Iterable[Session], srs: Iterable[Session], scores: Mapping[str, Mapping[str, float]]
) -> None:
    print("\nTotals that equal the authors' own:")
    for name, scale, sessions in (
        ("WAI tasks", "tasks", list(wai)),
        ("WAI goals", "goals", list(wai)),
        ("WAI bond", "bond", list(wai)),
        ("SRS total", "total", list(srs)),
    ):
        equal = sum(
            scores[session.submission["external_id"]][scale] == session.totals[scale]
            for session in sessions
        )
        print(f"  {name:<10} {equal}/{len(sessions)}")


def _print_bond(wai: Sequence[Session], definition: Mapping[str, Any]) -> None:
    """Why the bond totals differ, worked out here from the answers and the published key."""
    key = definition["keys"][definition["forms"]["client"]["key"]]
    items = next(scale["items"] for scale in key["scales"] if scale["id"] == "bond")
    published = set(key["reversed"]) & set(items)
    authors = published - {"29"} | {"28"}
    equal = sum(_bond(session, items, authors) == session.totals["bond"] for session in wai)
    rest = set(items) - {"28", "29"}
    others = [_bond(session, rest, published) for session in wai]
    with_28, with_29 = (
        statistics.correlation(others, [s.submission["answers"][item] for s in wai])
        for item in ("28", "29")
    )
    print(
        f"\nBond differs because the authors' total reverses item 28, where the published key\n"
        f"reverses item 29. With 28 reversed instead of 29: {equal}/{len(wai)}.\n"
        f"The answers back the published key: with the other ten bond items together, item 28\n"
        f"correlates {with_28:+.2f} and item 29 {with_29:+.2f}."
    )


def _bond(session: Session, items: Iterable[str], turned: set[str]) -> int:
    answers = session.submission["answers"]
    return sum(8 - answers[item] if item in turned else answers[item] for item in items)


if __name__ == "__main__":
    sys.exit(main())
