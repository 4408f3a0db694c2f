"""A tenant's own instruments beside the shipped ones, for that tenant and nobody else.

They are read where a request names one, from its own tenant's rows, and kept nowhere: so what one
process publishes the next request of any other sees, and no cache can mix up tenants. A request
that names shipped instruments alone asks the database nothing.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from app.database import Transaction
from app.edge.scalars import plain_numbers
from app.instruments import queries
from app.instruments.definitions import Catalogue, Definition, definition_from, revision_order
from app.tenants.authentication import Caller

OWN_ID: Final = re.compile(r"x-[a-z0-9-]{1,58}")


def is_own(instrument: object) -> bool:
    """Whether this can be the id of a tenant's own instrument."""
    return isinstance(instrument, str) and OWN_ID.fullmatch(instrument) is not None


async def catalogue_for(
    caller: Caller, catalogue: Catalogue, instruments: Iterable[object]
) -> Catalogue:
    """As with_own, in a transaction of its own, which is opened only if one of them is own."""
    wanted = _unknown(catalogue, instruments)
    if not wanted:
        return catalogue
    async with caller.transaction() as transaction:
        return await with_own(transaction, catalogue, wanted)


async def with_own(
    transaction: Transaction, catalogue: Catalogue, instruments: Iterable[object]
) -> Catalogue:
    """The catalogue with those of the named instruments that the tenant has published itself.

    Drafts are not among them. The catalogue as it is when none of the names is an own one.
    """
    wanted = _unknown(catalogue, instruments)
    if not wanted:
        return catalogue
    return _joined(catalogue, await queries.published(transaction, wanted))


async def with_all_own(transaction: Transaction, catalogue: Catalogue) -> Catalogue:
    """The catalogue with everything that the tenant has published itself."""
    return _joined(catalogue, await queries.all_published(transaction))


def _joined(catalogue: Catalogue, rows: Iterable[Mapping[str, Any]]) -> Catalogue:
    found: dict[str, list[Definition]] = {}
    for row in rows:
        found.setdefault(row["instrument"], []).append(own_definition(row))
    if not found:
        return catalogue
    own = {name: tuple(sorted(all_of, key=revision_order)) for name, all_of in found.items()}
    definitions = MappingProxyType({**catalogue.definitions, **own})
    return Catalogue(definitions, catalogue.text_packs)


def own_definition(row: Mapping[str, Any]) -> Definition:
    """The definition that a row holds."""
    return definition_from(row["document"], row["sha256"])


def document_sha256(document: Mapping[str, Any]) -> str:
    """The hash of a document, by meaning: neither order nor spelling of numbers changes it."""
    text = json.dumps(
        plain_numbers(document), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _unknown(catalogue: Catalogue, instruments: Iterable[object]) -> set[str]:
    return {
        name
        for name in instruments
        if isinstance(name, str) and is_own(name) and name not in catalogue.definitions
    }
