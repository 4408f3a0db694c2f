"""`python -m app.cli` is `rapport`."""

from app.cli.main import main

main()
