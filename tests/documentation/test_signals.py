"""The reference page of signals names every code, rule, state, cause and field that there is."""

import re
from pathlib import Path
from typing import Any

from httpx import AsyncClient

from app.responses.signalling import OWN_COURSE
from app.signals import guidance
from app.signals.reported import REPORTED, UNANSWERED
from app.signals.schemas import CauseOut, SignalOut
from app.signals.service import ENDED, LEADS_TO, ORDER
from app.tenants.signal_settings import DEFAULT_ALERTS
from tests.documentation.blocks import ROOT
from tests.documentation.test_reference import CODE, page, rows
from tests.support.signals import fallen

RULE_OF_SIDES = re.compile(r'"(\w+)",\s+"(?:watch|alert|high)",')
NO_SIGNAL = "repaired"


def part(head: str) -> str:
    """The page below a heading, up to the next one."""
    return re.split(r"^#+ ", page("signals").partition(f"# {head}\n")[2], flags=re.MULTILINE)[0]


def first_codes(head: str) -> set[str]:
    """What stands as code in the first cells of the tables below a heading."""
    return {code for row in rows(part(head)) for code in CODE.findall(row[0])}


def test_every_code_is_named() -> None:
    assert first_codes("Codes") == set(guidance.codes()) - {NO_SIGNAL}


def test_every_rule_but_the_published_cuts_is_named() -> None:
    sides = (ROOT / "app" / "measurement" / "sides.py").read_text(encoding="utf-8")
    rules = set(RULE_OF_SIDES.findall(sides)) | {OWN_COURSE, REPORTED, UNANSWERED}
    assert len(rules) == 8
    named = {code for row in rows(part("Codes")) for code in CODE.findall(row[2])}
    assert named == rules


def test_every_text_key_is_named() -> None:
    keys = {
        guidance.text_key_for(code, component)
        for code in set(guidance.codes()) - {NO_SIGNAL}
        for component in (None, "bond", "goals", "tasks")
    }
    assert keys <= set(CODE.findall(part("Codes")))


def test_every_state_is_named_with_what_leads_to_it() -> None:
    assert set(ORDER) | ENDED <= first_codes("States")
    comes_about = {row[0].strip("`"): row[1] for row in rows(part("States"))}
    for kind, state in LEADS_TO.items():
        assert f"`{kind}`" in comes_about[state]


def test_every_cause_is_named() -> None:
    described = str(CauseOut.model_fields["cause"].description)
    assert set(CODE.findall(described)) <= first_codes("States")


def test_every_field_is_named() -> None:
    named = set(CODE.findall(page("signals")))
    assert set(SignalOut.model_fields) - {"id", "alliance_id"} <= named


async def test_every_parameter_of_a_drop_is_named(client: AsyncClient) -> None:
    (signal,) = (await fallen(client))["signals"]
    shown: dict[str, Any] = signal["parameters"]
    assert shown.keys() <= first_codes("Parameters")


def test_the_budget_is_that_of_the_code() -> None:
    text = Path(ROOT / "docs" / "how-to" / "set-the-alarm-budget.md").read_text(encoding="utf-8")
    assert f"it is {DEFAULT_ALERTS:g} until you do" in text
