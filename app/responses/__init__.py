"""Responses: filled-in forms, taken once, scored, never changed in place."""
