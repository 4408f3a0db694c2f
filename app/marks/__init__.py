"""Marks: ruptures and repairs that a person noticed."""
