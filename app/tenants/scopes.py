"""What keys may do."""

from enum import StrEnum


class Scope(StrEnum):
    """What a key may do, as `resource:action`; each route names the one it needs."""

    ALLIANCES_READ = "alliances:read"
    ALLIANCES_WRITE = "alliances:write"
    CASELOADS_READ = "caseloads:read"
    COVERAGE_READ = "coverage:read"
    EVENTS_READ = "events:read"
    EXPORTS_READ = "exports:read"
    EXPORTS_WRITE = "exports:write"
    INSTRUMENTS_READ = "instruments:read"
    INSTRUMENTS_WRITE = "instruments:write"
    MARKS_READ = "marks:read"
    MARKS_WRITE = "marks:write"
    OCCASIONS_READ = "occasions:read"
    OCCASIONS_WRITE = "occasions:write"
    PEOPLE_MERGE = "people:merge"
    PROGRAMS_READ = "programs:read"
    RESPONSES_READ = "responses:read"
    RESPONSES_WRITE = "responses:write"
    SCORES_COMPUTE = "scores:compute"
    SETTINGS_READ = "settings:read"
    SETTINGS_WRITE = "settings:write"
    SIGNALS_ACT = "signals:act"
    SIGNALS_READ = "signals:read"
    SUPERVISION_READ = "supervision:read"
    TEXTS_WRITE = "texts:write"
    TRENDS_READ = "trends:read"
