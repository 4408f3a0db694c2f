"""Alliances: relationships whose members are fixed for their life."""
