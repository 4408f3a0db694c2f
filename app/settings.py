"""What the service is told by its environment, read once and never changed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.errors import StartRefused


class LogLevel(StrEnum):
    """From which level on something is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Settings:
    """One reading of the environment."""

    database_url: str
    """Where the service connects: `postgresql://user:password@host/database`."""
    database_owner_url: str
    """Who owns the tables; used by `rapport migrate` only. Defaults to `database_url`."""
    host: str
    port: int
    workers: int
    """Processes of `rapport serve`; each has a pool of its own."""
    pool_size: int
    """Connections of one process to Postgres."""
    log_level: LogLevel
    key_rate: int
    """Requests a second that one key may make of all processes of one `rapport serve`; 0: any."""
    drain_seconds: int
    """How long a process that is told to stop goes on serving, unready, before it does."""
    allow_lossy_postgres: bool
    """Whether a Postgres that loses commits in a crash is good enough: for trials."""
    metrics_port: int
    """Where `rapport worker` shows its metrics; 0: nowhere."""


def settings_from(environment: Mapping[str, str]) -> Settings:
    """The settings that `environment` names.

    Raises StartRefused, in one line, when DATABASE_URL is missing or a value is not one.
    """
    database_url = environment.get("DATABASE_URL", "")
    if not database_url:
        raise StartRefused("DATABASE_URL is not set: name the Postgres database to use.")
    return Settings(
        database_url=database_url,
        database_owner_url=environment.get("DATABASE_OWNER_URL") or database_url,
        host=environment.get("HOST") or "127.0.0.1",
        port=_whole_number(environment, "PORT", default=8000, low=1, high=65535),
        workers=_whole_number(environment, "WORKERS", default=1, low=1, high=64),
        pool_size=_whole_number(environment, "POOL_SIZE", default=8, low=1, high=200),
        log_level=_log_level(environment),
        key_rate=_whole_number(environment, "KEY_RATE", default=2000, low=0, high=1_000_000),
        drain_seconds=_whole_number(environment, "DRAIN_SECONDS", default=0, low=0, high=60),
        allow_lossy_postgres=_yes(environment, "ALLOW_LOSSY_POSTGRES"),
        metrics_port=_whole_number(environment, "METRICS_PORT", default=0, low=0, high=65535),
    )


def read_settings() -> Settings:
    """The settings of this process. Raises StartRefused as settings_from does."""
    return settings_from(os.environ)


def _whole_number(
    environment: Mapping[str, str], name: str, *, default: int, low: int, high: int
) -> int:
    text = environment.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise StartRefused(f"{name} must be a whole number from {low} to {high}.")
    return int(text)


def _log_level(environment: Mapping[str, str]) -> LogLevel:
    try:
        return LogLevel(environment.get("LOG_LEVEL") or LogLevel.INFO)
    except ValueError:
        raise StartRefused(f"LOG_LEVEL must be one of {', '.join(LogLevel)}.") from None


def _yes(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name) or "no"
    if text not in {"yes", "no"}:
        raise StartRefused(f"{name} must be yes or no.")
    return text == "yes"
