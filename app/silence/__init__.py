"""Answers that do not come: looked at by the worker, on the clock."""
