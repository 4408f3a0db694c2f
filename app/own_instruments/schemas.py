"""What travels about a tenant's own instruments."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from app.edge.scalars import Closed
from app.instruments.schemas import Answers, FormId, Revision, ScoresOut

VECTOR_ANSWERS: Final = ([1, 4, 2, 0], [4, 0, 1, 3], [0, 2, 3, 1])


def _vector(number: int, answers: list[int]) -> dict[str, Any]:
    keyed = [*answers[:3], 4 - answers[3]]
    sums = {"bond": sum(keyed[:2]), "tasks": sum(keyed[2:]), "total": sum(keyed)}
    return {
        "id": f"v-{number}",
        "form": "client",
        "answers": {str(item): value for item, value in enumerate(answers, 1)},
        "expected": {
            scale: {"sum": found, "mean": found / (4 if scale == "total" else 2)}
            for scale, found in sums.items()
        },
    }


def _scale(name: str, items: list[str], component: str | None) -> dict[str, Any]:
    return {
        "id": name,
        "items": items,
        "unit": "sum",
        "use": "decision",
        "component": component,
        "min_answered": len(items),
        "overlaps": name == "total",
    }


DEFINITION: Final[dict[str, Any]] = {
    "instrument": "x-four-questions",
    "revision": "1.0",
    "name": "Four questions of our clinic",
    "acronym": "FQ",
    "family": "four-questions",
    "availability": "scorable",
    "summary": "Four questions to clients about the last meeting, in use here since 2019.",
    "citations": [{"text": "House document 12, 2019."}],
    "evidence": [],
    "rights": {
        "holder": "The clinic",
        "holder_conflict": None,
        "status": "permission_required",
        "licence": None,
        "licence_url": None,
        "paper_use": "allowed",
        "electronic_use": "allowed",
        "commercial_use": "not_allowed",
        "modify": "not_allowed",
        "translate": "unknown",
        "attribution_line": None,
        "availability": "In use in our own house.",
        "verified_on": "2026-11-01",
        "sources": ["House document 12, 2019"],
        "conflicts": [],
    },
    "loinc": None,
    "notes": [],
    "keys": {
        "four": {
            "kind": "likert",
            "low": 0,
            "high": 4,
            "items": ["1", "2", "3", "4"],
            "reversed": ["4"],
            "scales": [
                _scale("bond", ["1", "2"], "bond"),
                _scale("tasks", ["3", "4"], "tasks"),
                _scale("total", ["1", "2", "3", "4"], None),
            ],
            "source": "House document 12, page 2.",
        }
    },
    "forms": {
        "client": {
            "rater_role": "client",
            "key": "four",
            "status": {"bond": "verified", "tasks": "verified", "total": "verified"},
            "period": "the last meeting",
            "display": None,
        }
    },
    "missing_items": {"source": "house", "rule": "None may be missing.", "citation": "The same."},
    "rounding": {"decimals": 4, "mode": "half_up", "items_before_summing": None},
    "cuts": [],
    "test_vectors": [_vector(number, answers) for number, answers in enumerate(VECTOR_ANSWERS, 1)],
}  # fmt: skip
"""An own instrument, small and whole: what the contract shows."""
SAMPLE: Final[dict[str, Any]] = {
    "form": "client",
    "answers": {"1": 3, "2": 4, "3": 2, "4": "declined"},
}

DefinitionIn = Annotated[
    dict[str, Any],
    Field(
        description="As the shipped ones, see `GET /v1/instruments/{instrument}`: without wording, "
        "with an id that begins with `x-` and two test vectors or more for each key."
    ),
]


class DraftIn(Closed):
    """A revision of an own instrument, as a draft."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"definition": DEFINITION}]}
    )

    definition: DefinitionIn


class SampleIn(Closed):
    """A filled-in form to be scored by way of trial."""

    form: FormId
    answers: Answers


class PreviewIn(Closed):
    """A definition to be judged, and forms to be scored with it. Nothing is stored."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"definition": DEFINITION, "samples": [SAMPLE]}]},
    )

    definition: DefinitionIn
    samples: list[SampleIn] = Field(
        default=[], max_length=50, description="Filled-in forms to be scored with it."
    )


class PublicationIn(Closed):
    """Which draft is to be published."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"revision": "1.0"}]})

    revision: Revision = Field(description="The draft's.", max_length=20)
    sha256: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{64}$",
        description="Of the draft that you read: then no other is published.",
    )


class KeyTrialOut(BaseModel):
    """How well the test vectors of a key tell mistakes in it."""

    key: str
    vectors: int = Field(description="Those on forms of this key; each scored as it expects.")
    mutants: int = Field(
        description="Keys with one mistake that were tried: an item wrongly reversed, a reversal "
        "moved, items counted to the wrong scale, a wrong range. At most 4000."
    )
    survivors: list[str] = Field(
        description="Mistakes that no vector would tell. None is best: add a vector for each."
    )


class OwnInstrumentOut(BaseModel):
    """A revision of an own instrument, as it is stored."""

    instrument: str
    revision: str
    status: str = Field(description="`draft`, or `published`: from then on it never changes.")
    sha256: str
    made_at: datetime
    published_at: datetime | None
    trials: list[KeyTrialOut]


class FaultOut(BaseModel):
    """One thing to mend."""

    pointer: str = Field(description="JSON pointer into the body.")
    code: str
    detail: str


class SampleOut(BaseModel):
    """How one sample fared."""

    index: int
    scores: ScoresOut | None = Field(description="Null where it cannot be scored.")
    faults: list[FaultOut]


class PreviewOut(BaseModel):
    """What a definition is worth. Nothing was stored."""

    valid: bool = Field(description="Whether it would be taken as a draft.")
    faults: list[FaultOut] = Field(description="At most 100.")
    sha256: str | None = Field(description="Null with faults.")
    trials: list[KeyTrialOut] = Field(description="None with faults.")
    samples: list[SampleOut] = Field(description="In their order; none with faults.")
