"""A tenant's own instruments: drafts, revisions, previews, publication."""
