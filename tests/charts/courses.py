"""Courses of made-up alliances, sent as a vendor would send them, always with the same content."""

from datetime import date, timedelta
from typing import Any

from httpx import AsyncClient

from tests.support.factories import mark, pair, submission

FIRST_DAY = date(2026, 1, 12)
LONG_AGO = date(2021, 1, 11)
PAIR = {"client_ref": "c", "professional_ref": "p"}
CLIENT = (31, 32, 30, 33, 32, 12, 14, 30, 32, None, 33, 31, 10, 12)
PROFESSIONAL = (27, 28, 28, 29, 29, 28, 24, 25, 28, 29, 29, 30, 29, 29)
"""Sums of nine items from 0 to 4; None: too few answers to score."""
REVERSED = {5, 7}


def answers(total: int | None, tilt: int = 0) -> dict[str, Any]:
    """Answers whose sum, reversed items turned, is total; tilt moves some from goals to bond."""
    if total is None:
        return {str(item): "declined" for item in range(1, 7)} | {"7": 2, "8": 2, "9": 2}
    levels = [total // 9 + (item < total % 9) for item in range(9)]
    for bond, goals in zip((0, 3, 6), (1, 4, 7), strict=True):
        moved = max(0, min(tilt, 4 - levels[bond], levels[goals]))
        levels[bond] += moved
        levels[goals] -= moved
    return {
        str(item): 4 - level if item in REVERSED else level
        for item, level in enumerate(levels, start=1)
    }


def rating(number: int, role: str, **fields: Any) -> dict[str, Any]:
    """A rating of the weekly session of this number."""
    return submission(
        external_id=f"{role}-{number}-{fields.get('rater', {}).get('ref', '')}",
        instrument="open-triad-1",
        **{
            "rater": {"role": role},
            "occasion": {
                "session_number": number,
                "occurred_at": f"{day(number)}T10:00:00+01:00",
            },
            **fields,
        },
    )


def day(number: int, first_day: date = FIRST_DAY) -> str:
    """The day of the weekly session of this number."""
    return (first_day + timedelta(days=7 * number)).isoformat()


async def stored(client: AsyncClient, items: list[dict[str, Any]]) -> str:
    """Store the ratings of one alliance; its id."""
    for at in range(0, len(items), 500):
        answer = await client.post("/v1/responses:batch", json={"items": items[at : at + 500]})
        assert answer.status_code == 207, answer.text
        assert {one["verdict"] for one in answer.json()["items"]} == {"accepted"}, answer.text
    found = await client.get("/v1/responses", params={"limit": 1})
    alliance_id: str = found.json()["items"][0]["alliance_id"]
    return alliance_id


async def a_pair(client: AsyncClient) -> str:
    """Both sides over fourteen weeks: a repaired drop, a form not scorable, a drop still open.

    A total of an older system, a correction by the professional, a rupture and a repair noticed,
    and one rating that was meant for the client's own eyes.
    """
    alliance = pair(external_id="a", **PAIR)
    sent = []
    for number, (own, other) in enumerate(zip(CLIENT, PROFESSIONAL, strict=True), start=1):
        fields: dict[str, Any] = {"answers": answers(own, 1 if number in {6, 7, 13, 14} else 0)}
        if number == 4:
            fields["notice"] = {"audience": ["client"], "level": "items"}
        client_side = rating(number, "client", alliance=alliance, **fields)
        if number == 1:
            del client_side["answers"]
            client_side["reported_scores"] = [{"scale": "total", "mean": 3.4444}]
        sent.append(client_side)
        if number != 11:
            sent.append(rating(number, "professional", alliance=alliance, answers=answers(other)))
    alliance_id = await stored(client, sent)
    corrected = rating(9, "client", alliance=alliance, answers=answers(30))
    corrected |= {"external_version": 2, "amendment_reason": "typed in wrongly"}
    acting = {"Rapport-Actor": "professional;p"}
    assert (await client.post("/v1/responses", json=corrected, headers=acting)).is_success
    for number, kind, role in ((6, "rupture", "client"), (8, "repair", "professional")):
        noticed = mark(occasion={"session_number": number}, kind=kind, by={"role": role})
        path = f"/v1/alliances/{alliance_id}/marks"
        assert (await client.post(path, json=noticed)).status_code == 201
    return alliance_id


async def a_long_course(client: AsyncClient, ratings: int = 260) -> str:
    """Both sides over five years of weekly sessions, with two falls."""
    alliance = pair(external_id="a", **PAIR)
    sent = []
    for number in range(1, ratings + 1):
        own = 27 + (number * 7) % 5 - (15 if number % 97 in {40, 41, 42} else 0) + number // 130
        other = 24 + (number * 5) % 4 + number // 100
        sent.append(rating(number, "client", alliance=alliance, answers=answers(own)))
        sent.append(rating(number, "professional", alliance=alliance, answers=answers(other)))
    for one in sent:
        number = one["occasion"]["session_number"]
        one["occasion"]["occurred_at"] = f"{day(number, LONG_AGO)}T10:00:00+01:00"
    return await stored(client, sent)


async def numbered(client: AsyncClient) -> str:
    """Sessions by number, without any date; the professional's guess beside both sides."""
    alliance = pair(external_id="a", **PAIR)
    sent = []
    for number in (1, 2, 3, 5, 8, 9):
        occasion = {"occasion": {"session_number": number}, "alliance": alliance}
        own = {"answers": answers(20 + number)} | occasion
        sent.append(rating(number, "client", **own))
        sent.append(rating(number, "professional", **occasion, answers=answers(28 - number)))
        guess = occasion | {"answers": answers(31 - number), "form": "professional_guess"}
        sent.append(rating(number, "professional", **guess) | {"external_id": f"guess-{number}"})
    return await stored(client, sent)


async def partly_placed(client: AsyncClient) -> str:
    """A client whose ratings are in part without a date and a number, and a dated professional."""
    alliance = pair(external_id="a", **PAIR)
    sent = []
    for number in range(1, 13):
        occasion: dict[str, Any] = {"occurred_on": day(number)}
        if number > 4:
            occasion = {"session_number": number}
        sent.append(
            rating(number, "client", occasion=occasion, alliance=alliance, answers=answers(28))
        )
        dated = {"occurred_on": day(number)}
        sent.append(
            rating(number, "professional", occasion=dated, alliance=alliance, answers=answers(25))
        )
    return await stored(client, sent)


async def a_family(client: AsyncClient) -> str:
    """Two clients, three relatives and a professional, all about the group, with srs lines."""
    clients = [{"role": "client", "ref": f"child-{n}"} for n in (1, 2)]
    family = [{"role": "family_member", "ref": f"relative-{n}"} for n in (1, 2, 3)]
    members = [*clients, *family, {"role": "professional", "ref": "p"}]
    alliance = {"external_id": "a", "members": members}
    sent = []
    for number in range(1, 7):
        for at, member in enumerate(members):
            value = 18 + (number * (at + 2)) % 12
            lines = {str(line): min(10, value / 3 + line / 10) for line in range(1, 5)}
            lines = {line: round(mark_, 1) for line, mark_ in lines.items()}
            sent.append(
                submission(
                    external_id=f"{member['ref']}-{number}",
                    alliance=alliance,
                    instrument="open-triad-lines-1",
                    language="es" if at == 1 else "en",
                    rater=member,
                    about_ref="p" if member["ref"] != "p" else "child-1",
                    occasion={"session_number": number, "occurred_on": day(number)},
                    answers=lines,
                )
            )
    return await stored(client, sent)
