"""Builds the demo's GitHub: the world of a scenario, and the two ASGI apps that show it."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.types import ASGIApp

from cidash.demo.github import files
from cidash.demo.github.api import make_api
from cidash.demo.github.commits import CommitGraph
from cidash.demo.github.history import DAYS, write_history, write_schedules
from cidash.demo.github.limits import Caller, Limits
from cidash.demo.github.model import Input, Workflow
from cidash.demo.github.past import Past
from cidash.demo.github.storage import make_storage
from cidash.demo.github.story import fit_live_run, tell_aftermath, tell_story
from cidash.demo.github.world import World

SCENARIOS = ("review", "closed")
ADMIN_TOKEN = "demo-github-token"  # noqa: S105 - the demo's own, worth nothing elsewhere
READONLY_TOKEN = "demo-github-readonly"  # noqa: S105
_AFTERMATH = timedelta(days=9)


@dataclass(slots=True)
class GitHubDemo:
    """The demo's GitHub: two ASGI apps for two ports, and their state."""

    api: ASGIApp
    storage: ASGIApp
    world: World

    def set_urls(self, api_url: str, storage_url: str, web_url: str) -> None:
        """Tells the answers where the API, the storage and the web pages are (no slash at the end)."""
        self.world.api_url = api_url.rstrip("/")
        self.world.storage_url = storage_url.rstrip("/")
        self.world.web_url = web_url.rstrip("/")
        self.world.version += 1


def create_github(scenario: str, pace: float, seed: int, now: Callable[[], datetime]) -> GitHubDemo:
    """Returns the demo's GitHub, its clock running.

    Args:
        scenario: `review` is the guide's day, `closed` its aftermath.
        pace: factor on the durations of all runs, jobs and steps.
        seed: the same seed and the same start give the same history.
        now: the clock, aware UTC.

    Raises:
        ValueError: for another scenario, or a pace that is not positive.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"no scenario {scenario!r}: there are {' and '.join(SCENARIOS)}")
    if not pace > 0:
        raise ValueError(f"pace must be above 0, not {pace}")
    started_at = now()
    world = World(scenario, pace, seed, now, CommitGraph(seed), Limits(now), started_at)
    world.tokens = {
        ADMIN_TOKEN: Caller("tefj-fun", 101, ADMIN_TOKEN, admin=True, scopes="repo, workflow"),
        READONLY_TOKEN: Caller("jordan-lee", 102, READONLY_TOKEN),
    }
    day = started_at if scenario == "review" else started_at - _AFTERMATH
    _declare(world, day)
    past = Past(world)
    write_history(past, day)
    ends = tell_aftermath(past, day, started_at) if scenario == "closed" else {}
    tell_story(past, day, ends)
    write_schedules(past, day - timedelta(days=DAYS), started_at)
    past.play()
    _setup_caches(world, started_at)
    fit_live_run(world, day)
    world.schedule_from(started_at)
    return GitHubDemo(make_api(world), make_storage(world), world)


def _declare(world: World, day: datetime) -> None:
    old = day - timedelta(days=90)
    prompt = (Input("prompt", default="hello"),)
    bench = (
        Input("reason", required=True),
        Input("note", default=""),
        Input("verbose", "boolean", default="false"),
        Input("size", "choice", default="small", options=("small", "medium", "large")),
        Input("rounds", "number", default="3"),
        Input("environment", "environment", default="staging"),
    )
    first = 152_048_380
    workflows = [
        Workflow(first + 1, "CI", files.CI, "ci", old),
        Workflow(first + 2, "Smoke test", files.SMOKE, "smoke", old, inputs=prompt),
        Workflow(first + 3, "Nightly Real-Claude Smoke", files.NIGHTLY, "nightly", old, inputs=()),
        Workflow(first + 4, "Benchmark matrix", files.BENCH, "bench", old, inputs=bench),
        Workflow(first + 5, "Dependabot Updates", files.DEPENDABOT, "dependabot", old),
        Workflow(first + 6, "Security", files.SECURITY, "security", day),
    ]
    if world.scenario == "closed":
        workflows.append(Workflow(first + 7, "Release", files.RELEASE, "none", day + timedelta(hours=5)))
    world.workflows = {workflow.id: workflow for workflow in workflows}
    for workflow, number in zip(workflows, (212, 88, 61, 3, 14, 1, 1), strict=False):
        workflow.next_number = number


def _setup_caches(world: World, now: datetime) -> None:
    """The small caches of the set-up actions, as every repository has them."""
    dice = random.Random(f"{world.seed}:caches")
    for place in range(6):
        digest = f"{dice.getrandbits(256):064x}"
        ref = "refs/heads/main" if place < 2 else f"refs/pull/{(38, 44, 47, 48)[place - 2]}/merge"
        at = now - timedelta(days=dice.uniform(0.3, 6))
        key = f"setup-python-Linux-x64-24.04-Ubuntu-python-3.10.19-pip-{digest}"
        world.add_cache(ref, key, at, int(dice.uniform(30e6, 90e6)))
    digest = f"{dice.getrandbits(256):064x}"
    key = f"buildx-dl-bin-0.29.1-linux-x64-{digest}"
    world.add_cache("refs/heads/main", key, now - timedelta(days=2), 28_114_420)
