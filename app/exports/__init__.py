"""Data out: responses, scores, signals and alliances as tables, streamed or made by the worker."""
