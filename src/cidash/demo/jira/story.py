"""Where the tickets of KAN-40 stand when the demo starts: the guide's day, or the day after every ticket was closed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from cidash.demo.jira.workflow import (
    COLLEAGUE,
    DONE,
    EPIC,
    IN_PROGRESS,
    IN_REVIEW,
    ME,
    STORY,
    TASK,
    TO_DO,
)
from cidash.demo.jira.world import ColleagueMove, Comment, Issue, World

EPIC_KEY = "KAN-40"
COLLEAGUE_SECONDS = 45.0
"""When the colleague takes KAN-78, after the start and at pace 1."""

_SUMMARIES = {
    "KAN-36": "Kubernetes deployment [@click=app.quit]x[/] \x1b[2J\x1b]0;owned\x07\u202egnp.exe\u202c",
    "KAN-40": "CI/CD Hardening",
    "KAN-76": "CI: lint/format checks (ruff + black)",
    "KAN-77": "CI: container build cache improvements",
    "KAN-78": "Repo: branch protection rules \x1b[1m[main]\x1b[0m\u202e",
    "KAN-79": "Release tagging + deployment stub 🚀",
    "KAN-80": "CI: mock smoke test required + nightly real-Claude",
}
_DESCRIPTIONS = {
    "KAN-36": "Run agent_bus on a cluster: manifests in k8s/.",
    "KAN-40": (
        "Transform the pipeline from a basic Docker build + pytest to a production-ready system with linting, caching, "
        "security scanning and automated releases."
    ),
    "KAN-76": "A lint job beside the test job: ruff check and black --check on src/, tests/, scripts/.\n\nPR #38.",
    "KAN-77": "Reduce the Docker build from about 3 min to 30 s on cache hits.\n\nactions/cache@v4 on the layers.",
    "KAN-78": "Protect main: pull request, one approval, lint and test required, up to date, no bypass.",
    "KAN-79": "A release workflow on tags v*.*.*; the deployment is a stub until KAN-36 is complete.",
    "KAN-80": "Mock-mode smoke test by hand and nightly; real Claude nightly at 09:17 UTC.",
}


def tell(scenario: str, pace: float, seed: int, now: Callable[[], datetime]) -> World:
    """Return the world at its start.

    Args:
        scenario: `review` (one ticket done, one in review) or `closed` (every ticket done).
        pace: Multiplies the time until the colleague's move, as it multiplies everything that runs.
        seed: For the small scatter in the tickets' ages.
        now: The clock; times of the past are counted back from its first answer.

    Raises:
        ValueError: There is no such scenario.
    """
    if scenario not in ("review", "closed"):
        raise ValueError(f"There is no scenario {scenario!r}: use review or closed.")
    world = World(now)
    start = now()
    issues = _review(start, Random(seed)) if scenario == "review" else _closed(start, Random(seed))
    for issue in issues:
        world.put(issue, issue.updated)
    world.link("Blocks", "KAN-76", "KAN-77")
    world.link("Blocks", "KAN-36", "KAN-79")
    world.comments["KAN-76"] = [
        Comment(world.new_id(), COLLEAGUE.account_id, "Second attempt of the CI is running.", start)
    ]
    if scenario == "review":
        taken = start + timedelta(seconds=COLLEAGUE_SECONDS * pace)
        world.colleague_moves = [ColleagueMove(taken, "KAN-78", TO_DO, IN_PROGRESS)]
    return world


def _review(start: datetime, dice: Random) -> list[Issue]:
    def ago(minutes: float) -> datetime:
        return start - timedelta(minutes=minutes + dice.uniform(0, minutes / 10))

    return [
        _issue("KAN-36", STORY, TO_DO, ago(40_000), ago(9_000), parent=None),
        _issue("KAN-40", EPIC, IN_PROGRESS, ago(20_000), ago(300), parent=None, assignee=ME.account_id),
        _issue("KAN-76", TASK, IN_REVIEW, ago(8_000), ago(25), ago(190), assignee=ME.account_id, points=3.0),
        _issue("KAN-77", TASK, TO_DO, ago(8_000), ago(120), assignee=ME.account_id, estimate=45 * 60, points=2.0),
        _issue("KAN-78", TASK, TO_DO, ago(8_000), ago(2_900), assignee=COLLEAGUE.account_id, estimate=20 * 60),
        _issue("KAN-79", TASK, TO_DO, ago(8_000), ago(2_900), estimate=2 * 3600, points=5.0),
        _issue("KAN-80", TASK, DONE, ago(9_500), ago(7_000), ago(7_000), assignee=COLLEAGUE.account_id),
    ]


def _closed(start: datetime, dice: Random) -> list[Issue]:
    evening = (start - timedelta(days=1)).replace(hour=18, minute=8, second=0, microsecond=0)

    def before(minutes: float) -> datetime:
        return evening - timedelta(minutes=minutes + dice.uniform(0, minutes / 10))

    made = before(12_000)
    estimates = {"KAN-77": 45 * 60, "KAN-78": 20 * 60, "KAN-79": 2 * 3600}
    done = {"KAN-80": before(7_000), "KAN-76": before(300), "KAN-77": before(200), "KAN-79": before(90)}
    done["KAN-78"] = evening + timedelta(minutes=5)  # the protection was documented after the epic was closed
    return [
        _issue("KAN-36", STORY, TO_DO, before(40_000), before(9_000), parent=None),
        _issue("KAN-40", EPIC, DONE, before(20_000), evening, evening, parent=None, assignee=ME.account_id),
        *(
            _issue(key, TASK, DONE, made, done[key], done[key], assignee=ME.account_id, estimate=estimates.get(key))
            for key in sorted(done)
        ),
    ]


def _issue(
    key: str,
    type_id: str,
    status_id: str,
    created: datetime,
    updated: datetime,
    since: datetime | None = None,
    **more: Any,
) -> Issue:
    values: dict[str, Any] = {"parent": EPIC_KEY, "reporter": ME.account_id, "labels": ("ci", "hardening"), **more}
    estimate = values.get("estimate")
    if status_id == DONE:
        values["resolution_id"] = "10000"
        values["spent"] = estimate
    if estimate is not None:
        values["remaining"] = 0 if status_id == DONE else estimate
    return Issue(
        key=key,
        summary=_SUMMARIES[key],
        description=_DESCRIPTIONS[key],
        type_id=type_id,
        status_id=status_id,
        created=created,
        updated=updated,
        status_since=since or (created if status_id == TO_DO else updated),
        **values,
    )
