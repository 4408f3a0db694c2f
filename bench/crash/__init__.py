"""Exactly once under crash: submissions, kills and cuts at once, and a reading of what is stored.

`python -m bench.crash` is the long run; tests/crash is the short one, with the same parts.
"""
