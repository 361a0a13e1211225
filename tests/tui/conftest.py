"""A fake engine and the KAN-40 story at a fixed moment: 2026-02-01 09:41 UTC, PR #38 in its second attempt."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from textual.widgets import Static

from cidash.domain.armed import Armed, ArmedCommand
from cidash.domain.cache import CacheState
from cidash.domain.cache_ledger import CacheReport
from cidash.domain.ci import Job, PullRequest, Run, Step
from cidash.domain.command import Action, ActionState, Command
from cidash.domain.epic import (
    Epic,
    FieldOption,
    Status,
    StatusCategory,
    Ticket,
    TicketLink,
    Transition,
    TransitionField,
)
from cidash.domain.merge import (
    DemandedCheck,
    DemandSource,
    MergeState,
    ReportedCheck,
    RequiredCheck,
    Requirements,
    Sourced,
)
from cidash.domain.problem import SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Budget, Part, RepositorySnapshot, Snapshot, SourceState, Typical
from cidash.domain.target import Target, TargetResult, Verdict
from cidash.tui.app import CidashApp

NOW = datetime(2026, 2, 1, 9, 41, 0, tzinfo=UTC)
REPOSITORY = RepositoryId("github.com", "tefj-fun", "agent_bus")
WEB = "https://github.com/tefj-fun/agent_bus"
CI = ".github/workflows/ci.yml"

TODO = Status("1", "To Do", StatusCategory.NEW)
PROGRESS = Status("2", "In Progress", StatusCategory.INDETERMINATE)
REVIEW = Status("3", "In Review", StatusCategory.INDETERMINATE)
DONE = Status("4", "Done", StatusCategory.DONE)


class FixedClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - NOW).total_seconds()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class FakeGitHub:
    """Answers with what the test put into it; a SourceError is raised."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {"workflows": (), "artifacts": (), "pending_deployments": ()}
        self.asked: list[tuple[Any, ...]] = []

    async def _answer(self, what: str, *asked: Any) -> Any:
        self.asked.append((what, *asked))
        answer = self.answers[what]
        if isinstance(answer, SourceError):
            raise answer
        return answer

    async def pull(self, repository: RepositoryId, number: int) -> Any:
        return await self._answer("pull", number)

    async def workflows(self, repository: RepositoryId) -> Any:
        return await self._answer("workflows")

    async def merge_settings(self, repository: RepositoryId) -> Any:
        return await self._answer("merge_settings")

    async def pending_deployments(self, repository: RepositoryId, run_id: int) -> Any:
        return await self._answer("pending_deployments", run_id)

    async def dispatch_inputs(self, repository: RepositoryId, workflow: Any, ref: str) -> Any:
        return await self._answer("dispatch_inputs", workflow, ref)

    async def artifacts(self, repository: RepositoryId, run_id: int) -> Any:
        return await self._answer("artifacts", run_id)

    async def download(self, repository: RepositoryId, artifact: Any, folder: Any, on_progress: Any) -> Any:
        on_progress(10)
        return await self._answer("download", artifact, folder)


class FakeCaches:
    """Hands out the reports that a test puts here."""

    def __init__(self) -> None:
        self.reports: dict[RepositoryId, CacheReport] = {}
        self.asked = 0

    async def known(self, repository: RepositoryId) -> CacheReport:
        return self.reports.get(repository, CacheReport(repository, NOW))

    async def read(self, repository: RepositoryId) -> CacheReport:
        self.asked += 1
        return await self.known(repository)


class FakeEngine:
    """Remembers what it was asked for; `perform` answers with what the test put into `answers`."""

    def __init__(self, snapshot: Snapshot, clock: FixedClock) -> None:
        self.snapshot = snapshot
        self.clock = clock
        self.listeners: list[Callable[[Snapshot], None]] = []
        self.kicks = 0
        self.focus: list[bool] = []
        self.selected: list[tuple[RepositoryId, int | None, int | None]] = []
        self.selected_pulls: list[tuple[RepositoryId, int | None]] = []
        self.performed: list[Command] = []
        self.answer: Callable[[Command], Awaitable[Action]] = self.done
        self.offered: tuple[Transition, ...] | SourceError = transitions()
        self.running = False
        self.github = FakeGitHub()
        self.logs: Any = None
        self.desk: Any = None
        self.caches = FakeCaches()

    def arm(self, command: ArmedCommand) -> Armed:
        armed = Armed(len(self.snapshot.armed) + 1, command, self.clock.now())
        self.put(replace(self.snapshot, armed=(*self.snapshot.armed, armed)))
        return armed

    def disarm(self, armed_id: int) -> bool:
        self.put(replace(self.snapshot, armed=tuple(one for one in self.snapshot.armed if one.id != armed_id)))
        return True

    def subscribe(self, on_change: Callable[[Snapshot], None]) -> Callable[[], None]:
        self.listeners.append(on_change)
        return lambda: self.listeners.remove(on_change)

    def put(self, snapshot: Snapshot) -> None:
        """What a poll round does."""
        self.snapshot = snapshot
        for listener in list(self.listeners):
            listener(snapshot)

    async def run(self) -> None:
        self.running = True
        await asyncio.Event().wait()

    def kick(self) -> None:
        self.kicks += 1

    def set_focus(self, focused: bool) -> None:
        self.focus.append(focused)

    def select(self, repository: RepositoryId, run_id: int | None, attempt: int | None = None) -> None:
        self.selected.append((repository, run_id, attempt))

    def select_pull(self, repository: RepositoryId, number: int | None) -> None:
        self.selected_pulls.append((repository, number))

    async def transitions(self, key: str) -> tuple[Transition, ...]:
        if isinstance(self.offered, SourceError):
            raise self.offered
        return self.offered

    async def perform(self, command: Command) -> Action:
        self.performed.append(command)
        asked = Action(len(self.performed), command, ActionState.ASKED, self.clock.now(), "asked")
        self.put(replace(self.snapshot, actions=(asked,)))
        action = await self.answer(command)
        self.put(replace(self.snapshot, actions=(action,)))
        return action

    async def done(self, command: Command) -> Action:
        return Action(1, command, ActionState.DONE, self.clock.now(), f"{command.sentence}: done.", self.clock.now())


# -- the story --------------------------------------------------------------------------------------------------------


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def step(number: int, name: str, start: float | None, end: float | None, conclusion: str | None = None) -> Step:
    """Times are seconds before NOW; no end is a running step, no start a waiting one."""
    if start is None:
        return Step(number, name, "completed" if conclusion else "queued", conclusion, None, None)
    if end is None:
        return Step(number, name, "in_progress", None, ago(start), None)
    return Step(number, name, "completed", conclusion or "success", ago(start), ago(end))


def job(
    job_id: int,
    run_id: int,
    name: str,
    start: float | None,
    end: float | None,
    *,
    conclusion: str | None = None,
    attempt: int = 1,
    queued: float = 2,
    steps: Sequence[Step] = (),
) -> Job:
    status = "queued" if start is None else "in_progress" if end is None else "completed"
    created, started = ago((start or 5) + queued), None if start is None else ago(start)
    ended = None if start is None or end is None else ago(end)
    ending = (conclusion or "success") if status == "completed" else None
    url, runner = f"{WEB}/actions/runs/{run_id}/job/{job_id}", None if start is None else "GitHub Actions 7"
    times = (created, started, ended)
    return Job(job_id, run_id, attempt, name, status, ending, *times, ("ubuntu-latest",), runner, url, tuple(steps))


def run(
    run_id: int,
    name: str,
    branch: str,
    sha: str,
    begun: float,
    *,
    status: str = "completed",
    conclusion: str | None = "success",
    attempt: int = 1,
    event: str = "pull_request",
    path: str = CI,
) -> Run:
    return Run(
        repository=REPOSITORY,
        id=run_id,
        attempt=attempt,
        number=run_id % 1000,
        workflow_id=len(name),
        workflow_name=name,
        workflow_path=path,
        title=f"{name} of {branch}",
        event=event,
        branch=branch,
        head_sha=sha,
        status=status,
        conclusion=conclusion if status == "completed" else None,
        created_at=ago(begun + 3),
        started_at=ago(begun),
        updated_at=ago(min(begun, 30)),
        actor="lena",
        url=f"{WEB}/actions/runs/{run_id}",
    )


def pull(number: int, title: str, branch: str, sha: str, *, author: str = "lena", age: float = 600) -> PullRequest:
    what = (REPOSITORY, number, title, "open", False, False, branch, sha, "main")
    return PullRequest(*what, author=author, updated_at=ago(age), url=f"{WEB}/pull/{number}")


def ticket(
    key: str, summary: str, status: Status, *, blocked_by: str | None = None, assignee: str | None = "Lena"
) -> Ticket:
    links: tuple[TicketLink, ...] = ()
    if blocked_by is not None:
        links = (TicketLink("is blocked by", blocked_by, "Lint/format checks", REVIEW, blocks_me=True),)
    url, number = f"https://example.atlassian.net/browse/{key}", key.rpartition("-")[2]
    standing = (status, assignee, ago(7_200), "KAN-40", links)
    return Ticket(key, number, summary, "Task", 0, *standing, estimate_seconds=None, remaining_seconds=None, url=url)


def transitions() -> tuple[Transition, ...]:
    options = (FieldOption("10000", "Done"), FieldOption("10001", "Won't do"))
    resolution = TransitionField("resolution", "Resolution", True, "resolution", None, options, False)
    reason = TransitionField("customfield_1", "Reason", True, "string", None, (), False)
    return (
        Transition("21", "Back to work", PROGRESS, ()),
        Transition("31", "Resolve", DONE, (resolution,)),
        Transition("41", "Reject", TODO, (resolution, reason)),
    )


NIGHTLY = "Nightly Real-Claude Smoke"
SHA_38, SHA_43, SHA_44, SHA_MAIN = "a1b2c3d" + "0" * 33, "b" * 40, "c" * 40, "d" * 40


def ci_jobs() -> dict[tuple[int, int], Part[tuple[Job, ...]]]:
    lint_steps = [
        step(1, "Set up job", 134, 132),
        step(2, "Run actions/checkout@v4", 132, 131),
        step(3, "Install ruff and black", 131, 127),
        step(4, "ruff check", 127, 126),
        step(5, "black --check", 126, 124),
    ]
    test_steps = [
        step(1, "Set up job", 132, 130),
        step(2, "Run actions/checkout@v4", 130, 129),
        step(3, "Set up Docker Buildx", 129, 125),
        step(4, "Build + start services", 118, None),
        step(5, "Pytest", None, None),
        step(6, "Post Run actions/checkout@v4", None, None),
    ]
    live = (
        job(3801, 380, "lint", 134, 124, attempt=2, steps=lint_steps),
        job(3802, 380, "test", 132, None, attempt=2, queued=6, steps=test_steps),
    )
    first = (
        job(3701, 380, "lint", 1_500, 1_489, steps=[step(1, "Set up job", 1_500, 1_498)]),
        job(3702, 380, "test", 1_498, 1_300, conclusion="failure", steps=[step(4, "Pytest", 1_400, 1_300, "failure")]),
    )
    broken_steps = [
        step(1, "Set up job", 9_000, 8_998),
        step(4, "Build + start services", 8_990, 8_880),
        step(5, "Pytest", 8_880, 8_820, "failure"),
        step(6, "Upload coverage", None, None, "skipped"),
    ]
    broken = job(4402, 440, "test", 9_000, 8_818, conclusion="failure", steps=broken_steps)
    return {
        (380, 2): part(live),
        (380, 1): part(first),
        (430, 1): part((job(4301, 430, "lint", 3_600, 3_590), job(4302, 430, "test", 3_600, 3_492))),
        (440, 1): part((job(4401, 440, "lint", 9_000, 8_991), broken)),
        (100, 1): part((job(1001, 100, "test", 80_000, 79_800),)),
        (102, 1): part((job(1021, 102, "smoke", 1_437, 1_400, conclusion="failure"),)),
    }


def part(data: Any, state: SourceState = SourceState.LIVE) -> Part[Any]:
    return Part(data, ago(2), state)


def merge_state(number: int, sha: str, **changes: Any) -> MergeState:
    """Lint and test are required, and one approval."""
    rules = (DemandSource.RULES,)
    checks = tuple(RequiredCheck(DemandedCheck(name), rules) for name in ("lint", "test"))
    no = Sourced(False)
    needs = Requirements(Sourced(checks, rules), Sourced(True, rules), Sourced(1, rules), no, no, no, no)
    reported = (
        ReportedCheck("lint", "completed", "success", 3801),
        ReportedCheck("test", "in_progress", None, 3802),
    )
    state = MergeState(number, sha, "main", False, "blocked", needs, reported, True, 0, (), behind_by=0)
    return replace(state, **changes)


def target_results() -> tuple[TargetResult, ...]:
    hit = Target("ci-time-hit", "CI time (cache hit)", "run-duration", "CI", baseline=210, limit=120, ticket="KAN-77")
    every = Target("ci-time", "CI time (all runs)", "run-duration", "CI", baseline=210, limit=120)
    lint = Target("lint", "Lint coverage", "control", baseline=0, limit=1, unit="percent")
    scans = Target("scans", "Security scanning", "control", baseline_text="none", limit_text="3 tools", unit="count")
    protection = Target("protection", "Branch protection", "control", baseline_text="none", limit_text="full")
    return (
        TargetResult(hit, Verdict.MET, "19 of 20 runs within the limit", 20, 101, (92, 112), 19),
        TargetResult(every, Verdict.MISSED, "7 of 31 runs within the limit", 31, 172, (150, 197), 7),
        *(TargetResult(target, Verdict.UNKNOWN, "no control") for target in (lint, scans, protection)),
    )


def story() -> Snapshot:
    runs = (
        run(380, "CI", "kan-76-lint-format-checks", SHA_38, 134, status="in_progress", attempt=2),
        run(102, NIGHTLY, "main", SHA_MAIN, 1_440, conclusion="failure", event="schedule", path="n.yml"),
        run(430, "CI", "kan-77-build-cache", SHA_43, 3_602),
        run(440, "CI", "kan-79-release", SHA_44, 9_003, conclusion="failure"),
        run(101, "Smoke test", "main", SHA_MAIN, 30_000, event="schedule", path="smoke.yml"),
        run(100, "CI", "main", SHA_MAIN, 80_003, event="push"),
    )
    repository = RepositorySnapshot(
        id=REPOSITORY,
        default_branch="main",
        pulls=part(
            (
                pull(38, "KAN-76: Lint/format checks (ruff + black)", "kan-76-lint-format-checks", SHA_38),
                pull(43, "KAN-77: Docker build cache", "kan-77-build-cache", SHA_43, author="marek", age=3_700),
                pull(44, "KAN-79: Release automation", "kan-79-release", SHA_44, author="noor", age=9_100),
            )
        ),
        runs=part(runs),
        workflows=part(()),
        jobs=ci_jobs(),
        caches={4302: CacheState.HIT, 4402: CacheState.MISS, 3702: CacheState.MISS},
        typical={(CI, "test"): Typical(199, 20), (CI, "lint"): Typical(11, 20)},
        merge={38: part(merge_state(38, SHA_38))},
    )
    epic = Epic(
        ticket("KAN-40", "CI/CD hardening", PROGRESS),
        (
            ticket("KAN-76", "Lint/format checks (ruff + black)", REVIEW),
            ticket("KAN-77", "Container build cache improvements", PROGRESS, assignee="Marek"),
            ticket("KAN-78", "Branch protection rules", TODO, blocked_by="KAN-76", assignee=None),
            ticket("KAN-79", "Release tagging + deployment stub", TODO, assignee="Noor"),
            ticket("KAN-80", "Mock smoke test required + nightly real-Claude", DONE),
        ),
    )
    return Snapshot(
        at=NOW,
        repositories=(repository,),
        epic=part(epic),
        targets=target_results(),
        budgets=(Budget("github.com", 5_000, 4_912, NOW + timedelta(minutes=40), 88, 240),),
    )


@dataclass
class Stage:
    """What a test works with."""

    clock: FixedClock
    engine: FakeEngine
    app: CidashApp
    NOW: datetime = NOW
    make: dict[str, Callable[..., Any]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The text on the screen, line by line, without what pads it at the right."""
        screen = self.app.screen
        return ["".join(segment.text for segment in strip).rstrip() for strip in screen._compositor.render_strips()]

    def text(self) -> str:
        return "\n".join(self.lines())

    def said(self) -> list[str]:
        """What the toasts said."""
        return [notification.message for notification in self.app._notifications]

    def flat(self, selector: str) -> str:
        """The text of one widget of the topmost screen, whatever its line breaks."""
        return " ".join(str(self.app.screen.query_one(selector, Static).content).split())

    def repository(self) -> RepositorySnapshot:
        return self.engine.snapshot.repositories[0]

    def change(self, **changes: Any) -> None:
        """Puts a snapshot in which the repository's parts are replaced."""
        changed = replace(self.repository(), **changes)
        self.engine.put(replace(self.engine.snapshot, repositories=(changed,)))


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day are shown in the machine's zone."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def stage() -> Stage:
    return make_stage()


@pytest.fixture
def new_stage() -> Callable[..., Stage]:
    return make_stage


def make_stage(snapshot: Snapshot | None = None, **settings: Any) -> Stage:
    clock = FixedClock()
    engine = FakeEngine(snapshot or story(), clock)
    makers: dict[str, Callable[..., Any]] = {
        "run": run, "job": job, "step": step, "pull": pull, "ticket": ticket, "part": part, "story": story,
        "merge": merge_state,
    }  # fmt: skip
    return Stage(clock, engine, CidashApp(engine, clock, **settings), make=makers)
