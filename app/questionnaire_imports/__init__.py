"""Drafts of definitions from other systems' questionnaires: a verdict per item, nothing guessed."""
