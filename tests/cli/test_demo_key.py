"""The key of the demo tenant: found again, and made anew when it no longer does."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from app.cli import dev
from app.cli.access import in_transaction
from app.settings import Settings
from app.tenants.scopes import Scope
from app.tenants.service import close_tenant, create_key, revoke_key
from app.tenants.verification import KeyParts, key_parts, valid_key


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo key is kept."""
    file = tmp_path / "demo-key"
    monkeypatch.setattr(dev, "KEY_FILE", file)
    return file


def demo_key(settings: Settings) -> KeyParts:
    """The parts of the demo key, which opens everything."""
    parts = key_parts(dev._demo_key(settings))  # noqa: SLF001 - its only door starts a server
    now = datetime.now(UTC)
    key = in_transaction(
        settings, parts.tenant_id, lambda t: valid_key(t, parts, now), as_tenant=True
    )
    assert key.scopes == set(Scope)
    return parts


def test_it_is_made_once_and_kept_to_oneself(settings: Settings, key_file: Path) -> None:
    made = demo_key(settings)

    assert demo_key(settings) == made
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_one_of_an_earlier_version_is_followed_by_one_with_every_scope(
    settings: Settings, key_file: Path
) -> None:
    first = demo_key(settings)
    now = datetime.now(UTC)
    few = in_transaction(
        settings, first.tenant_id, lambda t: create_key(t, "demo", [Scope.TRENDS_READ], now)
    )
    key_file.write_text(f"{few}\n", encoding="ascii")

    assert demo_key(settings).tenant_id == first.tenant_id


def revoked(settings: Settings, made: KeyParts) -> UUID:
    now = datetime.now(UTC)
    in_transaction(settings, made.tenant_id, lambda t: revoke_key(t, made.key_id, now))
    return made.tenant_id


def test_when_it_opens_nothing_a_new_tenant_is_made(settings: Settings, key_file: Path) -> None:
    tenants = [revoked(settings, demo_key(settings))]
    now = datetime.now(UTC)
    in_transaction(settings, demo_key(settings).tenant_id, lambda t: close_tenant(t, now))
    for text in ("", "no key", "rpt_platform_0123456789ab_" + "0" * 48, "é"):
        key_file.write_text(text, encoding="utf-8")
        tenants.append(demo_key(settings).tenant_id)

    assert len(set(tenants)) == len(tenants)
