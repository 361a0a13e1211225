"""View 3 by keys and as text."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from cidash.analysis.cache_storage import storage
from cidash.domain.acting import StoredCache
from cidash.domain.cache import CacheState
from cidash.domain.cache_ledger import Arm, ArmResult, Autopsy, CacheAccount, CacheReport, MissCause
from cidash.domain.github_command import DeleteCache
from cidash.domain.problem import Problem, ProblemKind
from cidash.domain.repository import RepositoryId
from cidash.tui.caches.account_pane import interval_bar

REPOSITORY = RepositoryId("github.com", "tefj-fun", "agent_bus")
CI = ".github/workflows/ci.yml"
LAYERS = "actions/cache: Run actions/cache@v4"


def account(cache: str, **changes: Any) -> CacheAccount:
    found = CacheAccount(
        REPOSITORY, CI, "CI", cache, "actions", ("test",),
        (
            ArmResult(Arm.NONE, 14, 201, (195, 210)),
            ArmResult(Arm.MISS, 5, 242, None, 41, (18, 65)),
            ArmResult(Arm.PARTIAL, 3, 130, None, -71, None),
            ArmResult(Arm.HIT, 9, 98, (91, 104), -103, (-122, -81)),
        ),
        9, 3, 5, 0, 1, 9 / 17, (0.31, 0.74), 1.4, 144.0, 103.0, 41.0, 12.5, 8.4,
        "none: 14 runs of CI with the workflow file 4b5ca42, without this cache",
        newest_state=CacheState.HIT, saved_bytes=490_000_000,
    )  # fmt: skip
    return replace(found, **changes)


def report(now: datetime) -> CacheReport:
    def entry(number: int, key: str, ref: str, size: int) -> StoredCache:
        return StoredCache(number, key, ref, size, now - timedelta(days=2), now - timedelta(hours=number))

    entries = [
        entry(1, f"Linux-docker-{'a' * 64}", "refs/heads/main", 900_000_000),
        entry(2, f"Linux-docker-{'b' * 64}", "refs/pull/43/merge", 1_100_000_000),
        entry(3, "index-ci-1-abcdef01", "refs/heads/main", 4_000),
        entry(4, "buildkit-blob-1-sha256:cc", "refs/heads/main", 700_000_000),
    ]
    autopsy = Autopsy(
        CI, LAYERS, CacheState.PARTIAL, 372, 1, 372, "kan-77-build-cache", "2" * 40, now - timedelta(hours=5),
        "https://github.com/tefj-fun/agent_bus/actions/runs/372/job/1", MissCause.KEY_CHANGED,
        "The key changed, because Dockerfile did.",
        ("log line 96: Cache restored from key: Linux-docker-ab03cd1c", "changed in 1f35d71…25ec16f: Dockerfile"),
    )  # fmt: skip
    broken = account("setup-uv [bold]", net_minutes_per_week=None, newest_state=CacheState.BROKEN, hit_rate=None)
    stored = storage(entries, 2_700_000_000)
    return CacheReport(REPOSITORY, now, (account(LAYERS), broken), (autopsy,), stored, now)


@pytest.fixture
def caches(new_stage: Any) -> Any:
    stage = new_stage()
    stage.engine.caches.reports[REPOSITORY] = report(stage.engine.clock.now())
    return stage


async def settled(stage: Any, pilot: Any) -> str:
    seen: list[str] = []
    for _ in range(100):
        await pilot.pause()
        seen.append(stage.text())
        if len(seen) >= 3 and len(set(seen[-3:])) == 1:
            break
    return seen[-1]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (40, 10)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_caches_view(caches: Any, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with caches.app.run_test(size=size) as pilot:
        await pilot.press("3")
        assert await settled(caches, pilot) == snapshot
        assert all(len(line) <= size[0] for line in caches.lines())


async def test_the_cursor_chooses_what_is_explained(caches: Any) -> None:
    async with caches.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        assert "The key changed, because Dockerfile did." in await settled(caches, pilot)
        await pilot.press("j")
        text = await settled(caches, pilot)
        assert "The key changed" not in text
        assert "setup-uv [bold]" in text
        await pilot.press("1")
        assert "KAN-40" in await settled(caches, pilot)
        await pilot.press("3")
        assert "The key changed" not in await settled(caches, pilot)


async def test_an_entry_is_deleted_after_a_question(caches: Any) -> None:
    async with caches.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "X")
        assert not caches.engine.performed
        await pilot.press("tab", "tab", "enter", "j")
        assert "refs" in await settled(caches, pilot) or "pull/43" in caches.text()
        await pilot.press("X")
        assert "Delete cache entry" in await settled(caches, pilot)
        await pilot.press("n")
        assert not caches.engine.performed
        await pilot.press("X", "y")
        await pilot.pause()
        assert caches.engine.performed == [DeleteCache(REPOSITORY, 2, f"Linux-docker-{'b' * 64}", "refs/pull/43/merge")]
        assert caches.engine.caches.asked >= 2


async def test_read_only_deletes_nothing(new_stage: Any) -> None:
    stage = new_stage(read_only=True)
    stage.engine.caches.reports[REPOSITORY] = report(stage.engine.clock.now())
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "tab", "tab", "enter", "j", "X", "y")
        await pilot.pause()
        assert not stage.engine.performed


async def test_nothing_known_says_so(new_stage: Any) -> None:
    stage = new_stage()
    problem = Problem(ProblemKind.FORBIDDEN, "GitHub refused the cache entries.")
    now = stage.engine.clock.now()
    stage.engine.caches.reports[REPOSITORY] = CacheReport(REPOSITORY, now, problems=(problem,))
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        text = await settled(stage, pilot)
        assert "No cache was seen in the logs that were read yet." in text
        assert "GitHub refused the cache entries." in text


def test_the_bar_of_an_interval() -> None:
    assert interval_bar(ArmResult(Arm.HIT, 6, 50, (25, 75)), 9, 100) == "  ├─┃─┤"
    assert interval_bar(ArmResult(Arm.HIT, 3, 0), 40, 100).startswith("┃ 3 more")
    assert interval_bar(ArmResult(Arm.HIT), 40, 100) == ""
