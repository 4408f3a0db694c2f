"""How signals and suggestions speak: of what was seen, of nobody's worth, in our own words."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from app.signals.guidance import DIRECTORY, languages

BANNED: Final = {
    "en": r"patient|therapist|recover|relaps|cured?\b|fail|blam|fault|guilt|resist|complian|wrong"
    r"|bad\b|poor|worse|diagnos|dropout|drop-out|pathol|disorder|manipulat|unmotivated|prove",
    "de": r"patient|therapeut|genes|geheilt|gesund(?!heit)|versag|gescheit|scheiter|schuld"
    r"|widerst|fehler|falsch|schlecht|diagnos|abbruch|störung|manipul|unmotiviert|beweis",
    "es": r"pacient|terapeut|recuper|curad|fracas|falla|fallo|culp|resist|incumpl|error|mal\b|malo"
    r"|mala|peor|diagnos|abandon|trastorno|manipul|desmotiv|demuestra|prueba(?!s de trabajo)",
}
"""Words of a verdict, of illness or of somebody's worth; `gesund` only as in Gesundheit."""
RUPTURE: Final = {"en": r"rupture", "de": r"ruptur|bruch", "es": r"ruptura|quiebre"}
NO_RUPTURE: Final = {
    "en": r"\b(no|not a|without|free of) (\w+ )?rupture",
    "de": r"\b(keine?r?|ohne|frei von) (\w+ )?(ruptur|bruch)",
    "es": r"\b(no hay|sin|ninguna|libre de) (\w+ )?(ruptura|quiebre)",
}
COMMAND: Final = {
    "en": r"\b(must|should|have to|has to|need to|always|never)\b",
    "de": r"\b(müssen?|muss|sollten?|immer|nie|niemals)\b",
    "es": r"\b(debe\w*|tiene[ns]? que|hay que|siempre|nunca)\b",
}
SUGGESTION: Final = {"en": r"\bcould\b", "de": r"\bkönnten\b", "es": r"\b(podría|podrían)\b"}
FIRST_PERSON: Final = {
    "en": r"\b(i|me|my|mine|we|us|our|ours)\b",
    "de": r"\b(ich|mir|mich|mein(e[mnrs]?)?|wir|uns|unser\w*)\b",
    "es": r"\b(yo|mí|mis?|me|nosotr[oa]s|nos|nuestr[oa]s?)\b",
}
"""The items of questionnaires speak so; a text that does not is none of them."""
ONE_GENDER: Final = {
    "en": r"\b(he|she|him|his|hers?)\b",
    "de": r"klient|\bfachmann|\bfachfrau|profi\b|berater|mitarbeiter|kolleg",
    "es": r"\b(los|las|un|una|unos|unas|el|del) profesional"
    r"|(?<!el o )(?<!del o de )\bla profesional|\blos (hij|padr)"
    r"|(?<!o )\bhijos\b|client[ea]s?\b|usuari[oa]s?\b|\btodos\b",
}
"""The Spanish words for a professional name both genders: `el o la profesional`."""
INSTRUMENTS: Final = re.compile(
    r"\b(wai|srs|ors|calpas|haq|arm|star|sai|sofitas?|softa|pcoms|oq|3rs|cbs)\b", re.IGNORECASE
)
every_language = pytest.mark.parametrize("language", languages())
Found = dict[str, str]


def texts(document: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a document by its place."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from texts(value, f"{path}/{name}")
        elif isinstance(value, str) and name != "language":
            yield f"{path}/{name}", value


def wording(language: str) -> Found:
    return dict(texts(json.loads((DIRECTORY / f"{language}.json").read_bytes())))


def part(language: str, name: str) -> Found:
    return {place: t for place, t in wording(language).items() if place.startswith(f"/{name}/")}


def having(found: Found, pattern: str) -> Found:
    return {place: text for place, text in found.items() if re.search(pattern, text.lower())}


def test_the_search_covers_every_language() -> None:
    for patterns in (BANNED, RUPTURE, NO_RUPTURE, COMMAND, SUGGESTION, FIRST_PERSON, ONE_GENDER):
        assert set(patterns) == set(languages())


@pytest.mark.parametrize(
    ("patterns", "language", "said"),
    [
        (BANNED, "en", "The patient has recovered."),
        (BANNED, "de", "Das ist ein Versagen."),
        (BANNED, "de", "Sie ist wieder gesund."),
        (BANNED, "es", "La culpa es del terapeuta."),
        (BANNED, "es", "Esto es una prueba de ello."),
        (NO_RUPTURE, "en", "There is no rupture here."),
        (NO_RUPTURE, "de", "Es gibt keine Ruptur."),
        (NO_RUPTURE, "es", "No hay ruptura."),
        (COMMAND, "de", "Sie müssen fragen."),
        (FIRST_PERSON, "es", "Nos entendemos bien."),
        (ONE_GENDER, "es", "Lo dice el profesional."),
        (ONE_GENDER, "de", "Der Klient sagt es."),
    ],
)
def test_the_search_finds_what_it_is_for(
    patterns: dict[str, str], language: str, said: str
) -> None:
    assert re.search(patterns[language], said.lower())


@every_language
def test_no_text_judges_a_person_or_speaks_of_illness(language: str) -> None:
    assert having(wording(language), BANNED[language]) == {}


@every_language
def test_only_what_a_person_reported_is_called_a_rupture(language: str) -> None:
    assert having(wording(language), RUPTURE[language]).keys() == {"/signals/reported_rupture"}


@every_language
def test_nothing_is_ever_said_to_be_no_rupture(language: str) -> None:
    assert having(wording(language), NO_RUPTURE[language]) == {}


@every_language
def test_a_suggestion_is_no_command(language: str) -> None:
    steps = part(language, "steps")
    assert having(steps, COMMAND[language]) == {}
    assert having(steps, SUGGESTION[language]) == steps


@every_language
def test_no_text_speaks_like_the_item_of_a_questionnaire(language: str) -> None:
    assert having(wording(language), FIRST_PERSON[language]) == {}


@every_language
def test_no_text_names_an_instrument(language: str) -> None:
    assert {p: t for p, t in wording(language).items() if INSTRUMENTS.search(t)} == {}


@every_language
def test_no_text_takes_people_to_be_of_one_gender(language: str) -> None:
    assert having(wording(language), ONE_GENDER[language]) == {}


@every_language
def test_a_low_level_says_that_it_is_a_screen(language: str) -> None:
    screen = {"en": "screen", "de": "Screening", "es": "cribado"}[language]
    saying = {place for place, text in part(language, "signals").items() if screen in text}
    assert saying == {"/signals/low_level"}


@every_language
def test_a_fall_is_called_a_drop_signal_and_nothing_more(language: str) -> None:
    called = {"en": "drop signal", "de": "Hinweis auf einen", "es": "señal de descenso"}[language]
    saying = {place for place, text in part(language, "signals").items() if called in text}
    falls = {"sudden_drop", "slow_decline", "repaired", "component_drop"}
    falls |= {f"component_drop_{one}" for one in ("bond", "goals", "tasks")}
    assert saying == {f"/signals/{one}" for one in falls}


@every_language
def test_no_two_texts_are_the_same(language: str) -> None:
    found = wording(language)
    assert len(set(found.values())) == len(found)


def test_no_translation_was_left_in_english() -> None:
    english = set(wording("en").values())
    for language in set(languages()) - {"en"}:
        assert not english & set(wording(language).values())
