"""What a caller may choose about a picture."""

from typing import Annotated, Final

from fastapi import Query

from app.charts.palette import Theme

NARROWEST: Final = 280
WIDEST: Final = 2000
USUAL: Final = 960

Width = Annotated[
    int,
    Query(ge=NARROWEST, le=WIDEST, description="In pixels; 360 suits a phone. The height follows."),
]
ThemeAsked = Annotated[
    Theme,
    Query(description="`auto` follows what whoever looks has set in their system."),
]
