"""Rapport: working-alliance measurement as a service."""
