"""The repository's content: what each branch holds, and git's names for it."""

import difflib
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files as resources

CI = ".github/workflows/ci.yml"
SMOKE = ".github/workflows/smoke-test.yml"
NIGHTLY = ".github/workflows/nightly-real-smoke.yml"
SECURITY = ".github/workflows/security.yml"
RELEASE = ".github/workflows/release.yml"
BENCH = ".github/workflows/bench.yml"
DEPENDABOT = "dynamic/dependabot/dependabot-updates"

_SOURCES = {
    "src/__init__.py": "",
    "src/api.py": 'from fastapi import FastAPI\n\napp = FastAPI(title="agent_bus")\n',
    "src/streams.py": 'STREAM = "agent-bus"\n\n\ndef group_name(agent):\n    return f"{STREAM}:{agent}"\n',
    "src/orchestrator.py": "import random\nRETRIES=3\ndef backoff(attempt):\n    return 2**attempt+random.random()\n",
    "tests/test_streams.py": 'from src.streams import group_name\n\n\ndef test_group():\n    assert group_name("a")\n',
    "tests/test_orchestrator.py": "from src.orchestrator import RETRIES\n\n\ndef test_retries():\n    assert RETRIES\n",
    "scripts/smoke_test.py": "import argparse\n\nparser = argparse.ArgumentParser()\n",
    "scripts/bench.py": "import argparse\n\nparser = argparse.ArgumentParser()\n",
}
_FORMATTED = {
    "src/orchestrator.py": (
        "import random\n\nRETRIES = 3\n\n\ndef backoff(attempt):\n    return 2**attempt + random.random()\n"
    )
}


@lru_cache(maxsize=64)
def content(name: str) -> str:
    """Returns one of the texts kept beside this module."""
    return resources("cidash.demo.github").joinpath("content", name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def main_files() -> Mapping[str, str]:
    """Returns the default branch as the guide finds it: one CI job, no cache, no security or release workflow."""
    return {
        CI: content("ci-test.yml"),
        SMOKE: content("smoke-test.yml"),
        NIGHTLY: content("nightly-real-smoke.yml"),
        BENCH: content("bench.yml"),
        "README.md": content("README.md"),
        "pyproject.toml": content("pyproject.toml.txt"),
        "Dockerfile": content("Dockerfile.txt"),
        "docker-compose.yml": content("docker-compose.yml"),
        **_SOURCES,
    }


def lint_changes() -> dict[str, str]:
    """Returns what KAN-76 changes: a lint job, formatted sources, the Dockerfile's missing dependencies."""
    return {CI: content("ci-lint.yml"), "Dockerfile": content("Dockerfile-fixed.txt"), **_FORMATTED}


def formatted() -> dict[str, str]:
    """Returns the sources that black rewrote."""
    return dict(_FORMATTED)


def format_changes() -> dict[str, str]:
    """Returns the formatting and the Dockerfile fix without the lint job, as it reached main in the end."""
    return {"Dockerfile": content("Dockerfile-fixed.txt"), **_FORMATTED}


def cache_changes(version: int) -> dict[str, str]:
    """Returns what KAN-77 changes; each version has another Dockerfile, so another cache key."""
    dockerfile = content("Dockerfile-fixed.txt").replace("gcc libpq-dev", "gcc libpq-dev" + " make" * (version % 2))
    return {CI: content("ci-cache.yml"), "Dockerfile": f"{dockerfile}# layout {version}\n"}


def cache_key(files: Mapping[str, str]) -> str:
    """Returns the key that `hashFiles('Dockerfile', 'pyproject.toml')` gives for these files."""
    digest = hashlib.sha256()
    for path in ("Dockerfile", "pyproject.toml"):
        digest.update(hashlib.sha256(files.get(path, "").encode()).digest())
    return f"Linux-docker-{digest.hexdigest()}"


def blob_sha(text: str) -> str:
    """Returns git's name of a file with that text."""
    data = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def tree_sha(entries: Mapping[str, str]) -> str:
    """Returns a name for a tree with these paths and texts, the same for the same content."""
    digest = hashlib.sha1(b"tree\0", usedforsecurity=False)
    for path in sorted(entries):
        digest.update(f"{path}\0{blob_sha(entries[path])}".encode())
    return digest.hexdigest()


def below(entries: Mapping[str, str], folder: str) -> dict[str, str]:
    """Returns the files below a folder, by their path inside it; everything for the empty folder."""
    prefix = f"{folder}/" if folder else ""
    return {path[len(prefix) :]: text for path, text in entries.items() if path.startswith(prefix)}


def changed_files(before: Mapping[str, str], after: Mapping[str, str]) -> list[dict[str, object]]:
    """Returns the API's `files` of a commit or a comparison."""
    changes: list[dict[str, object]] = []
    for path in sorted(set(before) | set(after)):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        lines = list(difflib.unified_diff((old or "").splitlines(), (new or "").splitlines(), lineterm="", n=3))[2:]
        added = sum(line.startswith("+") for line in lines)
        removed = sum(line.startswith("-") for line in lines)
        changes.append(
            {
                "sha": blob_sha(new if new is not None else old or ""),
                "filename": path,
                "status": "added" if old is None else "removed" if new is None else "modified",
                "additions": added,
                "deletions": removed,
                "changes": added + removed,
                "patch": "\n".join(lines),
            }
        )
    return changes
