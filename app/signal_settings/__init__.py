"""How many alerts a tenant wants, and its own parameters; each version is kept."""
