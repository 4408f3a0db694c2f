"""Client and professional of one occasion side by side. They are never averaged."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.measurement.change import observed_from
from app.measurement.scoring import rounded
from app.trends.agreement import agreement_out
from app.trends.course import Course, Rating
from app.trends.schemas import DyadOut, PairOut, SideOut, UnpairedOut

OWN_VIEW: Final = {"client": "client", "professional": "professional"}
"""Forms on which each side gives its own view; a guess of the other's answers is not one."""
ALONE: Final = "The other side has not rated this occasion with this instrument, or is not shown."
Pairing = tuple[UUID, str, str, str, str]
"""Occasion, instrument, form revision, client and professional: what two ratings must share."""


def dyad_out(courses: Sequence[Course], scale: str | None) -> DyadOut:
    """Every pair of ratings about each other on one occasion, scale by scale.

    Only ratings whose scores this reader may see take part. Of several ratings of one side on
    one occasion the last received counts.
    """
    sides: dict[str, dict[Pairing, tuple[Course, Rating]]] = {"client": {}, "professional": {}}
    for course in courses:
        role = course.stream.rater_role
        if OWN_VIEW.get(course.stream.form) != role or course.stream.proxy_ref is not None:
            continue
        for rating in (*course.placed, *course.unplaced):
            pairing = _pairing(course, rating)
            if pairing is None or rating.withheld:
                continue
            known = sides[role].get(pairing)
            if known is None or _received(known[1]) <= _received(rating):
                sides[role][pairing] = (course, rating)
    clients, professionals = sides["client"], sides["professional"]
    pairs = [
        pair
        for pairing, (course, rating) in clients.items()
        if pairing in professionals
        for pair in _pairs(course, rating, professionals[pairing][1], scale)
    ]
    alone = [
        UnpairedOut(response_id=rating.row["id"], occasion_id=pairing[0], why=ALONE)
        for one, other in ((clients, professionals), (professionals, clients))
        for pairing, (_, rating) in one.items()
        if pairing not in other
    ]
    return DyadOut(pairs=pairs, unpaired=alone, agreement=agreement_out(courses, pairs))


def _received(rating: Rating) -> tuple[datetime, UUID]:
    """The order of receipt; what came in one batch has one time, and ids in its order."""
    return rating.row["received_at"], rating.row["id"]


def _pairing(course: Course, rating: Rating) -> Pairing | None:
    """What the other side's rating must share; None when it is not about the other side."""
    stream = course.stream
    client, professional = stream.rater_ref, stream.about_ref
    if (stream.rater_role, stream.about_role) == ("professional", "client"):
        client, professional = stream.about_ref or "", stream.rater_ref
    elif (stream.rater_role, stream.about_role) != ("client", "professional"):
        return None
    occasion: UUID = rating.row["occasion_id"]
    return occasion, stream.instrument, stream.form_revision, client, professional or ""


def _pairs(
    course: Course, client: Rating, professional: Rating, scale: str | None
) -> Sequence[PairOut]:
    pairs = []
    for one in course.form.key.scales:
        if scale is not None and one.id != scale:
            continue
        values = [
            observed_from(rating.scores[one.id]) if one.id in rating.scores else None
            for rating in (client, professional)
        ]
        if values[0] is not None and values[1] is not None:
            pairs.append(
                PairOut(
                    occasion_id=client.row["occasion_id"],
                    instrument=course.stream.instrument,
                    scale=one.id,
                    unit=one.unit,
                    client=_side(client, float(rounded(values[0].value))),
                    professional=_side(professional, float(rounded(values[1].value))),
                    difference=float(rounded(values[0].value - values[1].value)),
                )
            )
    return pairs


def _side(rating: Rating, value: float) -> SideOut:
    return SideOut(ref=rating.row["rater_ref"], response_id=rating.row["id"], value=value)
