"""Tenants that take turns with a worker, so that much work of one keeps nobody else waiting."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from app.database import NO_TENANT

TenantsDue = Callable[[UUID], Awaitable[list[UUID]]]
"""The tenants after this one with something due, in order, some of them at a time."""


async def one_round(
    tenants_due: TenantsDue,
    step: Callable[[UUID], Awaitable[bool]],
    most: int,
    stopping: Callable[[], bool],
) -> int:
    """How many steps were done: one for each tenant with something due, up to most.

    step: whether something was done for the tenant.
    """
    done, after = 0, NO_TENANT
    while not stopping() and (tenants := await tenants_due(after)):
        for tenant_id in tenants:
            if done >= most or stopping():
                return done
            done += await step(tenant_id)
        after = tenants[-1]
    return done
