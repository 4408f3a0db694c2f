"""Occasions: the meetings and periods that responses are about, and who was invited to rate."""
