"""LOG_LEVEL: how much is logged, and which commands take it from where."""

import pytest

from app.errors import StartRefused
from app.settings import LogLevel, settings_from


@pytest.mark.parametrize(
    ("given", "level"),
    [({}, "info"), ({"LOG_LEVEL": ""}, "info")]
    + [({"LOG_LEVEL": one}, one) for one in ("debug", "info", "warning", "error")],
)
def test_a_level_is_taken_from_the_environment(given: dict[str, str], level: str) -> None:
    assert settings_from({"DATABASE_URL": "postgresql://", **given}).log_level == LogLevel(level)


@pytest.mark.parametrize("wrong", ["loud", "INFO", "20", "critical"])
def test_another_level_is_refused_in_one_line(wrong: str) -> None:
    with pytest.raises(StartRefused) as refused:
        settings_from({"DATABASE_URL": "postgresql://", "LOG_LEVEL": wrong})

    assert str(refused.value) == "LOG_LEVEL must be one of debug, info, warning, error."
