"""Old and new code on one schema: an upgrade under load, and the way back."""
