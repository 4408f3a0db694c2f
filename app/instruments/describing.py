"""Instruments as the catalogue describes them: the shipped ones, and a tenant's own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.errors import NotFound
from app.instruments.definitions import Catalogue, Definition, revision_order
from app.instruments.own import own_definition
from app.instruments.schemas import InstrumentOut, InstrumentSummary

PUBLISHED = "published"
DRAFT = "draft"


def summary(
    definition: Definition, languages: Iterable[str], status: str = PUBLISHED
) -> InstrumentSummary:
    """One line of the catalogue."""
    document = definition.document
    return InstrumentSummary(
        instrument=definition.instrument,
        revision=definition.revision,
        name=document["name"],
        acronym=document["acronym"],
        availability=document["availability"],
        forms=list(document["forms"]),
        languages=list(languages),
        rights_status=document["rights"]["status"],
        status=status,
    )


def instrument_out(catalogue: Catalogue, definition: Definition) -> InstrumentOut:
    """A shipped definition with what the catalogue knows about its revisions and wording."""
    return InstrumentOut(
        instrument=definition.instrument,
        revision=definition.revision,
        revisions=[d.revision for d in catalogue.definitions[definition.instrument]],
        status=PUBLISHED,
        drafts=[],
        sha256=definition.sha256,
        availability=definition.document["availability"],
        languages=list(catalogue.languages(definition.instrument, definition.form_revision)),
        definition=dict(definition.document),
    )


class OwnRevisions:
    """The revisions of one own instrument, oldest first, the published ones and the drafts."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.published = _sorted(row for row in rows if row["published_at"] is not None)
        self.drafts = _sorted(row for row in rows if row["published_at"] is None)

    def shown(self, revision: str | None) -> tuple[Definition, str]:
        """The revision, and whether it is published; without a name the newest, published first.

        Raises NotFound.
        """
        for status, revisions in ((PUBLISHED, self.published), (DRAFT, self.drafts)):
            for definition in reversed(revisions):
                if revision in {None, definition.revision}:
                    return definition, status
        if self.published or self.drafts:
            raise NotFound("The instrument has no such revision.")
        raise NotFound("No such instrument.")

    def out(self, revision: str | None) -> InstrumentOut:
        """One revision with what else there is. Raises NotFound."""
        definition, status = self.shown(revision)
        return InstrumentOut(
            instrument=definition.instrument,
            revision=definition.revision,
            revisions=[one.revision for one in self.published],
            status=status,
            drafts=[one.revision for one in self.drafts],
            sha256=definition.sha256,
            availability=definition.document["availability"],
            languages=[],
            definition=dict(definition.document),
        )

    def summary(self) -> InstrumentSummary:
        """Its line of the catalogue. Raises NotFound."""
        definition, status = self.shown(None)
        return summary(definition, (), status)


def _sorted(rows: Iterable[Mapping[str, Any]]) -> list[Definition]:
    return sorted(map(own_definition, rows), key=revision_order)
