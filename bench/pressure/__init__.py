"""The service under pressure: too much at once, storms of reading, faults, restarts.

It shows what callers see meanwhile, and when all is well again.
"""
