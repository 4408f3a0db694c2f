"""Headers as they came, in bytes: Starlette's look-up encodes and decodes all of them each time."""

from fastapi import Request


def values_of(request: Request, name: bytes) -> list[str]:
    """The values of the headers with this name, which is in small letters, in their order."""
    return [value.decode("latin-1") for given, value in request.scope["headers"] if given == name]


def first_of(request: Request, name: bytes) -> str:
    """The first of these; empty when there is none."""
    return next(iter(values_of(request, name)), "")
