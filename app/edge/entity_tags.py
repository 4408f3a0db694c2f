"""Entity tags: whether a change is made to what its caller has read."""


def names_current(if_match: str, current: str) -> bool:
    """Whether an If-Match header (RFC 9110, section 13.1.1) names the current entity tag."""
    tags = [tag.strip().removeprefix("W/") for tag in if_match.split(",")]
    return "*" in tags or current in tags
