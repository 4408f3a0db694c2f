"""Data in: whole files of filled-in forms, stored as they come and worked off by the worker."""
