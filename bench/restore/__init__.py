"""The restore drill: what was acknowledged before a backup, or a moment, is there after it."""
