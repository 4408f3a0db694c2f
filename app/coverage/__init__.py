"""Coverage: how much of what could have been said about alliances was said."""
