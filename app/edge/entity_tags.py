"""Entity tags: whether a change is made to what its caller has read, and what a reader has."""

import hashlib
from typing import Annotated, Any, Final, TypeVar

from fastapi import Header, Response
from pydantic import BaseModel

Answer = TypeVar("Answer", bound=BaseModel)
IfNoneMatch = Annotated[
    str | None,
    Header(max_length=500, description="The ETag that you have: 304 while it is the same."),
]
UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {
    304: {
        "description": "As you have it. Without a body.",
        "headers": {"ETag": {"schema": {"type": "string"}, "description": "The one you sent."}},
    }
}
"""What a route with If-None-Match declares in `responses=`."""


def names_current(if_match: str, current: str) -> bool:
    """Whether an If-Match header (RFC 9110, section 13.1.1) names the current entity tag."""
    tags = [tag.strip().removeprefix("W/") for tag in if_match.split(",")]
    return "*" in tags or current in tags


def tag_of(answer: BaseModel) -> str:
    """The weak entity tag of an answer: the same for the same content."""
    return f'W/"{hashlib.sha256(answer.model_dump_json().encode()).hexdigest()[:32]}"'


def unless_known(
    answer: Answer, if_none_match: str | None, response: Response
) -> Answer | Response:
    """The answer, its tag among the headers of the response; 304 if its reader has it already.

    By weak comparison (RFC 9110, section 13.1.2). The answer is worked out before it is compared,
    so that no tag outlives a right to read.
    """
    tag = tag_of(answer)
    if if_none_match is not None and names_current(if_none_match, tag.removeprefix("W/")):
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return answer
