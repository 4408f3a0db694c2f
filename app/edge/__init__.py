"""Where HTTP comes in: strict JSON bodies, problem documents, request ids, security headers."""
