"""Caseloads: a professional's current alliances, those first that need to be looked at."""
