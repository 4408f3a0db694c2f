"""How a route asks for the catalogue in use."""

from typing import Annotated

from fastapi import Depends, Request

from app.instruments.definitions import Catalogue


async def _catalogue(request: Request) -> Catalogue:
    catalogue: Catalogue = request.app.state.catalogue
    return catalogue


CatalogueInUse = Annotated[Catalogue, Depends(_catalogue)]
