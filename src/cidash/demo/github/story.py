"""The guide's day: the pull requests of KAN-40, and what became of them in the scenario `closed`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from cidash.demo.github import files
from cidash.demo.github.model import OWNER, Recipe, Run
from cidash.demo.github.past import Past, Push, Story
from cidash.demo.github.world import RunDraft, World

HOSTILE_BRANCH = "[@click=app.quit]x[/]"
HOSTILE_TITLE = "Fix \x1b[31mred\x1b[0m [link=file:///etc/passwd]docs[/link] 🚀 \u202egnp.exe مرحبا [bold"
_CACHE_DAYS = "1hhh2hhhE.hhh3hhfhhE.hh4hhhh"
"""KAN-77's pushes: a number is a new Dockerfile, h changes only tests, f flakes once, E: the caches were deleted."""
Ends = Mapping[int, tuple[str, datetime]]


def tell_story(past: Past, day: datetime, ends: Ends) -> None:
    """Queues the pull requests as they stand at the guide's moment.

    Args:
        past: where they are queued.
        day: the guide's moment.
        ends: pull request -> `merged` or `closed`, and when; the others stay open.
    """
    _cache_pull(past, day, ends)
    for story in (*_tickets(past.world, day), *_others(day)):
        past.tell(_ended(story, ends))
    _security_runs(past, day)


def _ended(story: Story, ends: Ends) -> Story:
    how, when = ends.get(story.number, ("", None))
    if how == "merged":
        return replace(story, merged_at=when)
    return replace(story, closed_at=when) if how == "closed" else story


def _tickets(world: World, day: datetime) -> list[Story]:
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    second = timedelta(seconds=world.pace)
    lead = max(35 * minute, 420 * second)
    rerun = (lead - 60 * second) / minute
    lint = files.lint_changes()
    return [
        Story(
            38,
            "KAN-76: Lint/format checks (ruff + black)",
            "kan-76-lint-format-checks",
            OWNER,
            [
                Push(day - 5 * hour, "KAN-76: Lint/format checks (ruff + black)", "lint", {files.CI: lint[files.CI]}),
                Push(day - 3 * hour, "Reformat with black, fix ruff findings", "dependency", files.formatted()),
                Push(day - lead, "Add the missing dependencies to the Dockerfile", "dependency", lint,
                     rerun_after_minutes=rerun, rerun_what="all"),
            ],
            body="Adds a `lint` job to CI and fixes what it finds.\n\nKAN-76",
            labels=("ci",),
        ),
        Story(
            44,
            "KAN-79: Release automation",
            "kan-79-release-automation",
            OWNER,
            [
                Push(day - 50 * hour, "KAN-79: Add release workflow", "success",
                     {files.RELEASE: files.content("release.yml")}),
                Push(day - 2 * hour, "Add release script", "docker",
                     {"scripts/release.sh": '#!/bin/bash\nset -e\ngit tag -a "v$1" -m "Release $1"\n'}),
            ],
            body="Tags `v*.*.*` build and publish the image.\n\nCloses KAN-79.",
        ),
    ]  # fmt: skip


def _others(day: datetime) -> list[Story]:
    hour = timedelta(hours=1)
    return [
        Story(
            46,
            HOSTILE_TITLE,
            HOSTILE_BRANCH,
            "drive-by-dev",
            [
                Push(day - 9 * hour, HOSTILE_TITLE, changes={"docs/a.md": "a\n"}, fixed_conclusion="action_required"),
                Push(day - 6 * hour, f"{HOSTILE_TITLE}\n\nSecond \x9b31mtry\x07", changes={"docs/a.md": "b\n"},
                     variant="hostile"),
            ],
            body="[@click=app.quit]please[/] \x1b]8;;http://localhost\x07click\x1b]8;;\x07",
            head_owner="drive-by-dev",
        ),
        Story(
            47,
            "WIP: Move the queue to Postgres",
            "queue-on-postgres",
            "sam-okafor",
            [Push(day - 27 * hour, "Sketch", changes={"src/queue.py": "QUEUE = 'pg'\n"}, cancel_after_seconds=95)],
            draft=True,
        ),
        Story(
            48,
            "Test on three Python versions",
            "ci-matrix",
            "jordan-lee",
            [Push(day - 7 * hour, "Test on three Python versions", "flake",
                  {files.CI: files.content("ci-matrix.yml"), "scripts/e2e.sh": "#!/bin/sh\nexit 0\n"})],
            approved_by=OWNER,
        ),
        Story(
            49,
            "Add security scanning (bandit, safety, trivy)",
            "security-scanning",
            "jordan-lee",
            [
                Push(day - 26 * hour, "Add security workflow", changes={
                    files.SECURITY: files.content("security.yml")}),
                Push(day - 4 * hour, "Read the requirements from the Dockerfile", changes={"NOTES.md": "security\n"}),
            ],
        ),
    ]  # fmt: skip


def _cache_pull(past: Past, day: datetime, ends: Ends) -> None:
    pushes: list[Push] = []
    at = day - timedelta(days=6, hours=2)
    step = (timedelta(days=6, hours=1)) / (len(_CACHE_DAYS) - 1)
    for place, letter in enumerate(_CACHE_DAYS):
        changes: dict[str, str] = {"tests/test_cache.py": f"# round {place}\n"}
        if letter == "E":
            past.at(at, lambda _when: past.world.caches.clear())
        else:
            message = "Tune the tests"
            if letter.isdecimal():
                changes |= files.cache_changes(int(letter))
                message = "KAN-77: Add Docker build cache to CI" if letter == "1" else "Reorder the Dockerfile"
            flake = letter == "f"
            pushes.append(
                Push(at, message, "flake" if flake else "success", changes, rerun_after_minutes=12 if flake else None)
            )
        at += step
    if 43 in ends:
        late = {
            files.CI: files.content("ci-broken-cache.yml"),
            "docker-compose.yml": files.content("docker-compose.yml").replace(
                "    build: .\n",
                "    build:\n      context: .\n      cache_from: [type=local,src=/tmp/.buildx-cache]\n"
                "      cache_to: [type=local,dest=/tmp/.buildx-cache-new]\n",
            ),
        }
        pushes.append(
            Push(ends[43][1] - timedelta(minutes=40), "Key on the commit, build through compose", "success", late)
        )
    body = "Layers come from `actions/cache`. Expected: 50-70 % faster on a hit.\n\nKAN-77"
    story = Story(43, "KAN-77: Add Docker build cache to CI", "kan-77-build-cache", OWNER, pushes, body, labels=("ci",))
    past.tell(_ended(story, ends))


def _security_runs(past: Past, day: datetime) -> None:
    world = past.world
    for hours, outcome in ((26, "success"), (4, "safety")):

        def begin(when: datetime, outcome: str = outcome) -> None:
            pull = world.pulls[49]
            recipe = Recipe("security", outcome=outcome, persistent=True)
            world.workflow(files.SECURITY).created_at = min(world.workflow(files.SECURITY).created_at, when)
            world.start_run(
                RunDraft(when, files.SECURITY, recipe, "pull_request", pull.branch, pull.head_sha, pull.title,
                         pull.author, (pull.number,))
            )  # fmt: skip

        past.at(day - timedelta(hours=hours) + timedelta(seconds=4), begin)


def fit_live_run(world: World, day: datetime) -> Run:
    """Makes the test job of #38's second attempt end 2.5 minutes (times pace) after the guide's moment."""
    head = world.pulls[38].head_sha
    run = next(run for run in world.runs.values() if run.head_sha == head and len(run.attempts) == 2)
    attempt = run.attempts[-1]
    test = next(job for job in attempt.jobs if job.key == "test")
    assert test.completed_at is not None
    wanted = day + timedelta(seconds=150 * world.pace)
    missing = (wanted - test.completed_at).total_seconds() / world.pace
    attempt.plans = tuple(
        plan
        if plan.key != "test"
        else replace(
            plan,
            queue_seconds=3.0,
            steps=tuple(
                replace(step, seconds=step.seconds + missing + plan.queue_seconds - 3.0)
                if step.name == "Build + start services"
                else step
                for step in plan.steps
            ),
        )
        for plan in attempt.plans
    )
    world.add_attempt(run, attempt)
    return run


def tell_aftermath(past: Past, day: datetime, end: datetime) -> dict[int, tuple[str, datetime]]:
    """Queues the days after the guide: everything merged or closed, little of it true. Returns how each ended."""
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    ends = {
        38: ("closed", day + 2 * hour),
        40: ("closed", day + 2.5 * hour),
        42: ("merged", day + 3 * hour),
        43: ("merged", day + 4 * hour),
        44: ("merged", day + 5 * hour),
        45: ("merged", day + 5 * hour + 13 * minute),
        46: ("closed", day + 30 * hour),
        47: ("closed", day + 50 * hour),
        48: ("closed", day + 52 * hour),
        49: ("closed", day + 53 * hour),
        75: ("merged", day + 24 * hour),
    }
    doc = {".github/BRANCH_PROTECTION.md": files.content("BRANCH_PROTECTION.md")}
    for story in (
        Story(40, "KAN-76: Lint job, second try", "kan-76-lint-again", OWNER,
              [Push(day + hour, "KAN-76: Lint job, second try", "lint", {files.CI: files.content("ci-lint.yml")})]),
        Story(42, "KAN-76: Reformat with black", "kan-76-format", OWNER,
              [Push(day + 2.6 * hour, "KAN-76: Reformat with black", "success", files.format_changes())]),
        Story(45, "KAN-78: Branch protection rules documentation", "kan-78-branch-protection", OWNER,
              [Push(day + 5 * hour + 5 * minute, "KAN-78: Document branch protection", "success", doc)]),
        Story(75, "Fix compose build: remove cache_from and cache_to", "fix-compose-cache", "jordan-lee",
              [Push(day + 23.5 * hour, "Remove cache_from and cache_to", "success",
                    {"docker-compose.yml": files.content("docker-compose.yml")})]),
    ):  # fmt: skip
        past.tell(_ended(story, ends))
    past.direct_push(day + 5 * hour + 40 * minute, "Declare KAN-40 complete", {"TODO.md": "- [x] KAN-40\n"})
    rest = end - 3 * hour - (day + 26 * hour)
    for place in range(8):
        past.direct_push(
            day + 26 * hour + rest * (place / 7), f"Adjust prompts, round {place + 1}",
            {"src/prompts.py": f"ROUND = {place + 1}\n"},
        )  # fmt: skip
    return ends
