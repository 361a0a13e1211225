"""The collector and the cache desk against the demo's GitHub, over real HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cidash.config.load import load_text
from cidash.demo.serve import start
from cidash.domain.cache import CacheState
from cidash.domain.cache_ledger import Arm, CacheAccount, MissCause
from cidash.domain.clock import SystemClock
from cidash.engine.assembly import build
from cidash.engine.engine import Engine


@pytest.fixture(scope="module", params=["closed", "review"])
def scenario(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def engine(scenario: str, tmp_path: Path) -> AsyncIterator[Engine]:
    servers = start(scenario, 0.02)
    config = load_text(servers.config_text, "demo")
    found = build(config, [one.id for one in config.repositories], {}, SystemClock(), tmp_path / "history.db")
    found.open()
    try:
        yield found
    finally:
        await found.close()
        servers.stop()


async def test_the_story_of_the_docker_cache(engine: Engine, scenario: str) -> None:
    repository = engine.snapshot.repositories[0].id
    await engine.refresh(collect=400)
    report = await engine.caches.of(repository).read(files=200)
    assert report.problems == ()
    account = next(one for one in report.accounts if one.cache.startswith("actions/cache"))
    assert account.hits > 10
    assert min(account.partials, account.misses) >= 3
    assert account.arm(Arm.NONE).n >= 6
    assert account.net_minutes_per_week is not None
    assert report.storage is not None
    assert report.storage.pull_bytes > 0
    _check_last_miss(account, scenario)
    autopsy = report.autopsy(account)
    assert autopsy is not None
    if scenario == "closed":
        assert autopsy.cause is MissCause.NEVER_SAVED
        assert any("Path Validation Error" in proof for proof in autopsy.evidence)
        assert "commit" in autopsy.sentence
    else:
        assert autopsy.cause is MissCause.KEY_CHANGED
        assert "Dockerfile" in autopsy.sentence
    known = await engine.caches.known(repository)
    assert known.accounts == tuple(known.accounts)
    assert [one.cache for one in known.accounts] == [one.cache for one in report.accounts]


def _check_last_miss(account: CacheAccount, scenario: str) -> None:
    if scenario == "closed":
        assert account.newest_state is CacheState.BROKEN
        assert account.broken >= 6
    else:
        assert account.newest_state is CacheState.HIT
        assert account.broken == 0
