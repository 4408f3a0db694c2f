"""Marks: texts and numbers that stand nowhere else, so that wherever one turns up tells a leak."""

import re
import secrets
from typing import Any

from httpx import Response


class Marks:
    """Marks of one test. Each is given out once, for one place of a request."""

    def __init__(self) -> None:
        self._places: list[str] = []
        self._text = f"Canary{secrets.token_hex(3)}q"
        self._number = str(secrets.randbelow(9 * 10**9) + 10**9)
        self._any = re.compile(rf"{self._text}(\d*)|{self._number}(\d{{0,5}})", re.IGNORECASE)

    def text(self, place: str) -> str:
        """A text of letters and digits."""
        return f"{self._text}{self._next(place)}"

    def number(self, place: str) -> int:
        """A whole number that JSON holds exactly."""
        return int(f"{self._number}{self._next(place)}")

    def _next(self, place: str) -> str:
        self._places.append(place)
        return f"{len(self._places) - 1:05d}"

    def found_in(self, text: str) -> set[str]:
        """The places whose marks stand in the text, whole or cut short."""
        return {self._place(found[1] or found[2] or "") for found in self._any.finditer(text)}

    def _place(self, digits: str) -> str:
        known = len(digits) >= 5 and int(digits[:5]) < len(self._places)
        return self._places[int(digits[:5])] if known else "a mark cut short"


def said(answer: Response) -> Any:
    """The JSON of an answer; None for one that is none, an export."""
    media_type = answer.headers.get("content-type", "")
    return answer.json() if media_type.endswith("json") and "nd" not in media_type else None


def problems_in(value: Any) -> list[dict[str, Any]]:
    """Every problem document in an answer, those of a batch's items too."""
    if isinstance(value, list):
        return [found for one in value for found in problems_in(one)]
    if not isinstance(value, dict):
        return []
    if str(value.get("type", "")).startswith("urn:rapport:problem:"):
        return [value]
    return [found for one in value.values() for found in problems_in(one)]


def said_by(problem: dict[str, Any]) -> str:
    """What a problem says of itself.

    Without the pointers: they hold names that the caller chose and needs, to find what to mend.
    """
    text = str({name: value for name, value in problem.items() if name != "errors"})
    for error in problem["errors"]:
        text += f" {error['code']} {error['detail']}"
    pointers = {str(error["pointer"]) for error in problem["errors"]} - {""}
    for pointer in sorted(pointers, key=len, reverse=True):
        text = text.replace(pointer, "")
    return text
