"""Pictures of what other packages have worked out: they ask Postgres nothing of their own."""
