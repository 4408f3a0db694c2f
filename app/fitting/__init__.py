"""Parameters of a tenant's own population, fitted to its streams on demand, never in a request."""
