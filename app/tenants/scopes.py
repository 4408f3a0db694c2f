"""What keys may do."""

from enum import StrEnum


class Scope(StrEnum):
    """What a key may do, as `resource:action`; each route names the one it needs."""

    ALLIANCES_READ = "alliances:read"
    ALLIANCES_WRITE = "alliances:write"
    EVENTS_READ = "events:read"
    INSTRUMENTS_READ = "instruments:read"
    PEOPLE_MERGE = "people:merge"
    RESPONSES_READ = "responses:read"
    RESPONSES_WRITE = "responses:write"
    SCORES_COMPUTE = "scores:compute"
    TRENDS_READ = "trends:read"
