"""What is said about a signal, and what is suggested after it: complete, in every language."""

from itertools import product
from typing import Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.alliances.schemas import MemberRole, Setting
from app.instruments.schemas import RaterRole
from app.measurement.key import Component
from app.signals.guidance import (
    Guidance,
    codes,
    guidance_for,
    languages,
    served_language,
    signal_text,
    text_key_for,
)

SIGNALS: Final = {
    "low_level",
    "low_item",
    "sudden_drop",
    "slow_decline",
    "component_drop",
    "dyad_gap",
    "perception_gap",
    "blind_spot",
    "silence",
    "reported_rupture",
}
COMPONENTS: Final[tuple[Component | None, ...]] = (None, *get_args(Component))
WORKED_OUT: Final[tuple[Component, ...]] = ("goals", "tasks")
"""What is agreed differently in each field of work."""
SETTINGS: Final = (None, *get_args(Setting))
ROLES: Final = get_args(RaterRole)
LONGEST_STEP: Final = 240
LONGEST_TEXT: Final = 260
"""A signal text with its slots filled."""
SPECIAL: Final = (
    "psychotherapy",
    "vocational_rehabilitation",
    "physical_rehabilitation",
    "family_work",
)
every_language = pytest.mark.parametrize("language", languages())


def all_guidance(language: str) -> list[Guidance]:
    return [guidance_for(*one, language) for one in product(codes(), COMPONENTS, SETTINGS)]


def all_texts(language: str) -> list[str]:
    return [
        signal_text(text_key_for(code, component), language, {"rater": role, "component": part})
        for code, component, role, part in product(codes(), COMPONENTS, ROLES, COMPONENTS)
    ]


def test_the_languages_are_english_spanish_and_german() -> None:
    assert languages() == ("de", "en", "es")


def test_every_signal_has_guidance_and_so_has_a_repaired_drop() -> None:
    assert set(codes()) == SIGNALS | {"repaired"}


@every_language
def test_every_combination_has_one_to_three_different_steps(language: str) -> None:
    for one in all_guidance(language):
        texts = [step.text for step in one.steps]
        assert 1 <= len(texts) <= 3
        assert len(set(texts)) == len(texts)
        assert all(0 < len(text) <= LONGEST_STEP for text in texts)


@every_language
def test_every_step_leans_on_something_and_all_of_it_is_given(language: str) -> None:
    for one in all_guidance(language):
        leaned_on = [id_ for step in one.steps for id_ in step.leans_on]
        assert all(step.leans_on for step in one.steps)
        assert [reference.id for reference in one.references] == list(dict.fromkeys(leaned_on))


@every_language
def test_every_signal_has_a_short_text_for_every_rater_and_component(language: str) -> None:
    texts = all_texts(language)
    assert all(text.endswith(".") and len(text) <= LONGEST_TEXT for text in texts)
    assert not [text for text in texts if "{" in text or "}" in text]
    assert len(set(texts)) > len(SIGNALS) * len(ROLES)


@every_language
def test_no_step_has_a_slot(language: str) -> None:
    steps = [step.text for one in all_guidance(language) for step in one.steps]
    assert not [text for text in steps if "{" in text or "}" in text]


def test_every_role_that_can_rate_has_words() -> None:
    assert set(get_args(MemberRole)) <= set(ROLES)
    words = {signal_text("silence", "en", {"rater": role}) for role in ROLES}
    assert len(words) == len(ROLES)


def test_the_slots_are_filled_with_words_of_the_language() -> None:
    slots = {"rater": "client", "component": "goals"}
    assert signal_text("sudden_drop", "en", slots) == (
        "Here the client rates the agreement on goals clearly lower than has been usual so far: "
        "a drop signal."
    )
    assert signal_text("sudden_drop", "es", slots) == (
        "Aquí la persona atendida valora el acuerdo sobre las metas claramente por debajo de lo "
        "habitual hasta ahora: una señal de descenso."
    )
    assert signal_text("sudden_drop", "de-CH", {"rater": "professional", "component": None}) == (
        "Hier bewertet die Fachperson das Arbeitsbündnis insgesamt deutlich niedriger als bisher "
        "üblich: ein Hinweis auf einen Rückgang."
    )


def test_a_component_drop_names_the_component_that_fell() -> None:
    assert text_key_for("component_drop", "goals") == "component_drop_goals"
    assert text_key_for("component_drop", None) == "component_drop"
    assert text_key_for("sudden_drop", "goals") == "sudden_drop"


def test_guidance_carries_the_key_of_its_signals_text() -> None:
    for code, component in product(codes(), COMPONENTS):
        one = guidance_for(code, component, None, "en")
        assert one.text_key == text_key_for(code, component)


@every_language
def test_a_blind_spot_is_a_matter_for_supervision(language: str) -> None:
    word = {"de": "Supervision", "en": "supervision", "es": "supervisión"}[language]
    for one in all_guidance(language):
        steps = [word in step.text for step in one.steps]
        assert all(steps) if one.text_key == "blind_spot" else not any(steps)


@every_language
@pytest.mark.parametrize("setting", SPECIAL)
def test_goals_and_tasks_are_spoken_of_in_the_words_of_the_setting(
    setting: str, language: str
) -> None:
    for code, component in product(set(codes()) - {"silence"}, WORKED_OUT):
        own = guidance_for(code, component, setting, language)
        general = guidance_for(code, component, None, language)
        assert len(own.steps) == len(general.steps)
        assert set(own.steps) != set(general.steps)


def test_a_wording_for_one_setting_leans_on_what_was_found_there() -> None:
    (first, *_) = guidance_for("component_drop", "goals", "physical_rehabilitation", "en").steps
    (general, *_) = guidance_for("component_drop", "goals", "counselling", "en").steps
    assert first.leans_on == (*general.leans_on, "hall_2010")


@every_language
def test_a_setting_without_words_of_its_own_gets_the_general_ones(language: str) -> None:
    general = guidance_for("sudden_drop", "tasks", None, language)
    assert guidance_for("sudden_drop", "tasks", "other", language) == general
    assert guidance_for("sudden_drop", "tasks", "a setting of later days", language) == general


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("DE-at", "de"),
        ("es-419", "es"),
        ("en-GB", "en"),
        ("de-Latn-CH-1996", "de"),
        ("pt-BR", "en"),
        ("den", "en"),
        ("plan", "en"),
        ("references", "en"),
        ("und", "en"),
        ("", "en"),
    ],
)
def test_who_asks_in_another_language_is_told_which_is_served(asked: str, served: str) -> None:
    assert served_language(asked) == served
    assert guidance_for("silence", None, None, asked).language == served


@given(st.text())
def test_any_language_tag_is_served_with_something(asked: str) -> None:
    assert served_language(asked) in languages()


def test_a_translation_says_that_it_is_not_reviewed() -> None:
    said = {one: guidance_for("silence", None, None, one).reviewed for one in languages()}
    assert said == {"de": False, "en": None, "es": False}


def test_what_there_is_no_text_of_is_refused() -> None:
    with pytest.raises(KeyError):
        guidance_for("rupture", None, None, "en")
    with pytest.raises(KeyError):
        text_key_for("rupture", None)
    with pytest.raises(KeyError):
        signal_text("rupture", "en", {"rater": "client", "component": None})
    with pytest.raises(KeyError):
        signal_text("sudden_drop", "en", {"rater": "stranger", "component": None})
    with pytest.raises(KeyError):
        signal_text("sudden_drop", "en", {"rater": "client"})
    with pytest.raises(KeyError):
        signal_text("sudden_drop", "en", {"rater": None, "component": None})
