"""What was counted, as it is shown of so many people. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from app.coverage.schemas import (
    CoverageStanding,
    HoursOut,
    InvitationsOut,
    LastSaidOut,
    NonResponseOut,
    RateOut,
    SessionsOut,
    TimelinessOut,
    rate_out,
)
from app.instruments.definitions import Catalogue, Form
from app.measurement import coverage
from app.measurement.key import Scale
from app.measurement.proportions import proportion
from app.measurement.small_groups import LEAST_CLIENTS, LEAST_PROFESSIONALS, rounded_count
from app.occasions.invited import COMPLETED, SETTLED, STATES
from app.responses.answer_schemas import NotComputed

Row = Mapping[str, Any]
CLIENT: Final = "client"
TOO_FEW: Final = f"It rests on fewer than {LEAST_CLIENTS} clients."
TOO_FEW_TO_AVERAGE: Final = (
    f"It is shown of {LEAST_CLIENTS} clients of {LEAST_PROFESSIONALS} professionals or more."
)
NOBODY_ASKED: Final = "No client has been asked and has answered, declined or let it lapse."
NO_TIMES: Final = "No rating says both when its occasion was and when it was completed."
NO_SESSIONS: Final = "No session in the window was reported as held."


@dataclass(slots=True)
class Shown:
    """What may be shown to this caller, and what was not."""

    own: bool
    """Whether a professional looks at their own clients, whom they know."""
    missing: list[NotComputed] = field(default_factory=list)

    def miss(self, code: str, why: str) -> None:
        """Say, once, that something is not there, and why."""
        one = NotComputed(code=code, why=why)
        if one not in self.missing:
            self.missing.append(one)

    def enough(self, clients: int, code: str) -> bool:
        """Whether what rests on so many clients may be shown; if not, that is said."""
        if self.own or not coverage.too_few_clients(clients):
            return True
        self.miss(code, TOO_FEW)
        return False

    def people(self, count: int) -> int:
        """A count of people: to the nearest five, to who does not know them."""
        return count if self.own else rounded_count(count)

    def share(self, count: int, of: int, code: str) -> RateOut | None:
        """A share of people, if there are enough of them on its upper side."""
        if not self.enough(count, code):
            return None
        return rate_out(proportion(self.people(count), self.people(of)))

    def average(self, row: Row, percent: float) -> LastSaidOut | None:
        """An average of what people said, if there are enough of them."""
        too_few = coverage.too_few_to_average(row["clients"], row["professionals"])
        if too_few and not self.own:
            return None
        shown = round(percent, 1) if self.own else coverage.level(percent)
        return LastSaidOut(clients=self.people(row["clients"]), percent_of_range=shown)


def reach_out(people: Row, shown: Shown) -> tuple[RateOut | None, RateOut | None]:
    """(reach, depth): who rated of all that could, and of these who rated often enough."""
    reached = people["reached"]
    reach = shown.share(reached, people["clients"], "reach")
    return reach, shown.share(people["deep"], reached, "depth")


def invited_out(rows: Iterable[Row], shown: Shown) -> list[InvitationsOut]:
    """Invitations role by role, without those of too few clients."""
    return [_invited(row) for row in rows if shown.enough(row["clients"], "invitations")]


def _invited(row: Row) -> InvitationsOut:
    total = sum(row[state] for state in STATES)
    states = {state: rate_out(proportion(row[state], total)) for state in STATES}
    settled = sum(row[state] for state in SETTLED)
    return InvitationsOut(
        role=row["rater_role"],
        total=total,
        states={state: rate for state, rate in states.items() if rate is not None},
        completion=rate_out(proportion(row[COMPLETED], settled)),
    )


def standing_out(
    invited: Iterable[InvitationsOut], reach: RateOut | None, shown: Shown
) -> CoverageStanding | None:
    """How far averages of what clients said can be trusted: by completion, else by reach."""
    completion = next((one.completion for one in invited if one.role == CLIENT), None)
    basis, rate = ("completion", completion) if completion else ("reach", reach)
    if rate is None:
        shown.miss("coverage", NOBODY_ASKED)
        return None
    standing = coverage.standing(rate.rate)
    return CoverageStanding(
        basis=basis, rate=rate.rate, standing=standing, comparable=standing != "too_low"
    )


def sessions_out(row: Row, shown: Shown) -> SessionsOut | None:
    """Sessions that were held, and their ratings."""
    held = row["held"]
    if not held:
        shown.miss("sessions", NO_SESSIONS)
        return None
    if not shown.enough(row["clients"], "sessions"):
        return None
    rates = {
        name: rate_out(proportion(row[name], held))
        for name in ("by_client", "by_professional", "both_sides")
    }
    return SessionsOut(held=held, undated=row["undated"], **rates)


def hours_out(rows: Iterable[Row], shown: Shown) -> list[TimelinessOut]:
    """Timeliness role by role."""
    return [
        TimelinessOut(
            role=row["rater_role"],
            ratings=row["ratings"],
            to_completion=_hours(row, "completion", shown),
            to_receipt=_hours(row, "receipt", shown),
        )
        for row in rows
        if shown.enough(row["clients"], "timeliness")
    ]


def _hours(row: Row, name: str, shown: Shown) -> HoursOut | None:
    code = f"hours_to_{name}"
    if not row[f"{name}_ratings"]:
        shown.miss(code, NO_TIMES)
        return None
    if not shown.enough(row[f"{name}_clients"], code):
        return None
    return HoursOut(median_hours=round(row[f"{name}_hours"], 1), ratings=row[f"{name}_ratings"])


def non_response_out(
    rows: Sequence[Row], catalogue: Catalogue, shown: Shown
) -> list[NonResponseOut]:
    """What clients said last who did not answer when last asked, beside those who did."""
    found = []
    for names, group in groupby(rows, _kind):
        instrument, form, form_revision, language, scale_id = names
        asked = catalogue.newest_key_of(instrument, form_revision, form).forms[form]
        scale = next((one for one in asked.key.scales if one.id == scale_id), None)
        if scale is None or scale.component is not None:
            continue
        sides = {row["answered"]: shown.average(row, _percent(row, asked, scale)) for row in group}
        if any(sides.values()):
            found.append(
                NonResponseOut(
                    instrument=instrument,
                    form=form,
                    language=language,
                    scale=scale_id,
                    unanswered=sides.get(False),
                    answered=sides.get(True),
                )
            )
    if not any(one.unanswered for one in found):
        shown.miss("non_response", TOO_FEW_TO_AVERAGE)
    return found


def _kind(row: Row) -> tuple[str, ...]:
    return tuple(row[n] for n in ("instrument", "form", "form_revision", "language", "scale"))


def _percent(row: Row, form: Form, scale: Scale) -> float:
    """An average in the scale's unit as percent of its range."""
    items = len(scale.items) if scale.unit == "sum" else 1
    low, high = float(form.key.low) * items, float(form.key.high) * items
    return 100 * (float(row["value"]) - low) / (high - low)
