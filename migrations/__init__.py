"""Migrations of the schema, run by `rapport migrate`."""
