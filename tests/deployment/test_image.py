"""The image: what the Dockerfile copies is enough to serve, and nothing of development is in it."""

import importlib.metadata
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LISTED = """
import importlib.metadata, json, sys
import app.cli.main, app.main
known = importlib.metadata.packages_distributions()
names = {module.partition(".")[0] for module in sys.modules}
print(json.dumps(sorted({one for name in names for one in known.get(name, ())})))
"""


def image_tree(target: Path) -> Path:
    """What the last stage of the Dockerfile copies, without what .dockerignore leaves out."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    left_out = {ROOT / line for line in lines if line.startswith("app/")}
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    for names in re.findall(r"^COPY (?!--from)(.+) \S+$", final, re.MULTILINE):
        for name in names.split():
            for path in [ROOT / name, *(ROOT / name).rglob("*")]:
                if path.is_file() and path not in left_out and "__pycache__" not in path.parts:
                    place = target / path.relative_to(ROOT)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, place)
    return target


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_the_image_copies_serves_and_stops_when_told(
    tmp_path: Path, database_url: str
) -> None:
    tree = image_tree(tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    kept = {"PATH": os.environ["PATH"], "DATABASE_URL": database_url, "PORT": port}
    kept["ALLOW_LOSSY_POSTGRES"] = "yes"  # as the tests' server is
    entry = json.loads(re.findall(r"^ENTRYPOINT (.+)$", DOCKERFILE, re.MULTILINE)[0])
    command = json.loads(re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)[0])
    check = json.loads(re.findall(r"^  CMD (.+)$", DOCKERFILE, re.MULTILINE)[0])
    server = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, *entry[1:], *command], cwd=tree, env=kept
    )
    try:
        for _ in range(200):
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False)
                break
            except httpx.ConnectError:
                time.sleep(0.1)
        assert answer.status_code == 200
        healthy = subprocess.run(  # noqa: S603 - as above
            [sys.executable, *check[1:]], cwd=tree, env=kept, check=False
        )
        assert healthy.returncode == 0
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) in {0, -signal.SIGTERM}


def test_the_image_holds_no_development_database_and_no_root_process(tmp_path: Path) -> None:
    tree = image_tree(tmp_path)
    assert (tree / "app" / "main.py").exists()
    assert not (tree / "app" / "embedded_postgres.py").exists()
    assert "embedded" not in (ROOT / "requirements.txt").read_text(encoding="utf-8")
    user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert user == ["10001"]
    assert "--require-hashes" in DOCKERFILE


def test_the_service_needs_only_what_production_installs() -> None:
    listed = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", LISTED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    locked = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[\S+\])?==", locked, re.MULTILINE)
    installed = {normal(name) for name in names}
    # pygments, rich: Mako and structlog colour what they show where these happen to be installed.
    own = {"pygments", "rich", normal(importlib.metadata.metadata("rapport")["Name"]), "setuptools"}
    # Their modules share a name with those of opentelemetry-api.
    own |= {"opentelemetry-sdk", "opentelemetry-semantic-conventions"}
    assert {normal(name) for name in json.loads(listed.stdout)} - installed - own == set()


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_what_is_asked_for_with_an_extra_is_locked_with_it(lock: str) -> None:
    # pip looks for the newest of a package with an extra before it looks at the lock without it:
    # the day a newer one came out, nobody could install any more.
    locked = (ROOT / lock).read_text(encoding="utf-8")
    pinned = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[(\S+)\])?==", locked, re.MULTILINE)
    extras = {normal(name): set(extra.split(",")) for name, extra in pinned}
    installed = {normal(one.name): one for one in importlib.metadata.distributions()}
    asked = {
        (normal(wanted.name), extra)
        for name in {*extras, "rapport"} & installed.keys()
        for wanted in map(Requirement, installed[name].requires or ())
        if wanted.marker is None or wanted.marker.evaluate()
        for extra in wanted.extras
    }
    assert ("sqlalchemy", "asyncio") in asked
    assert {(name, extra) for name, extra in asked if extra not in extras[name]} == set()
