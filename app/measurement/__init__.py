"""Scoring, change and order of alliance ratings: pure functions, standard library only.

Nothing here reads a clock, a file or an environment; times are arguments.
"""
