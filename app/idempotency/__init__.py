"""The Idempotency-Key header: a call that came twice is done once."""
