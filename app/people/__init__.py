"""People as their references name them: two references that turned out to be one person."""
