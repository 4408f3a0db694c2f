"""What is added up apart: leaf groups, stream kinds and stages; their ids are made from them."""

import json
from typing import Final, NamedTuple
from uuid import UUID, uuid5

FIRST: Final = "first"
LATER: Final = "later"
SHOWN_STAGES: Final = (FIRST, LATER)
"""The first rating of a stream, and those after it: never pooled where they are released."""
INVITED: Final = "invited"
HELD: Final = "held"
"""Invitations to rate, and whether they were completed; meetings held, and rated by both sides."""
UNDATED: Final = "undated"
INCOMPLETE: Final = "incomplete"
REPORTED: Final = "reported_scores"
LEFT_OUT: Final = (UNDATED, INCOMPLETE, REPORTED)
"""Why a response is in no figure. These are only counted."""
COMPLETED: Final = "completed"
BOTH_SIDES: Final = "both_sides"
"""What stands in the place of a scale where ratings are not what is added up."""

_NAMESPACE: Final = UUID("6d1c7a52-9b0e-5c39-8d4f-2f60c1b7e9a4")


class Series(NamedTuple):
    """A leaf group, a stream kind and a stage. The empty text stands for none."""

    pooled: bool
    program_ref: str
    setting: str
    instrument: str
    revision: str
    form: str
    language: str
    rater_role: str
    stage: str

    @property
    def id(self) -> UUID:
        """The same for the same series, wherever it is made."""
        return uuid5(_NAMESPACE, json.dumps(self, ensure_ascii=True, separators=(",", ":")))

    @property
    def of_small_groups(self) -> "Series":
        """The pooled series that stands for all small leaf groups of this kind and stage."""
        return self._replace(pooled=True, program_ref="", setting="")


FIELDS: Final = Series._fields


def item_id(*parts: str) -> str:
    """The id of something that is counted and has none of its own, such as an invitation."""
    return str(uuid5(_NAMESPACE, json.dumps(parts, ensure_ascii=True, separators=(",", ":"))))
