"""A command line in a home of its own, and an engine that answers from a prepared snapshot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cidash.cli.main import main
from cidash.domain.cache import CacheState
from cidash.domain.ci import Job, PullRequest, Run, Step, Workflow
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
from cidash.domain.problem import Problem, ProblemKind
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Budget, Part, RepositorySnapshot, Snapshot, SourceState, Typical
from cidash.domain.target import Target, TargetResult, Verdict

NOW = datetime(2026, 11, 23, 9, 41, tzinfo=UTC)
REPOSITORY = RepositoryId("github.com", "tefj-fun", "agent_bus")
TODO = Status("1", "To Do", StatusCategory.NEW)
REVIEW = Status("3", "In Review", StatusCategory.INDETERMINATE)
DONE = Status("4", "Done", StatusCategory.DONE)


def before(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def step(number: int, name: str, conclusion: str | None, started: float, ended: float | None) -> Step:
    status = "in_progress" if conclusion is None else "completed"
    return Step(number, name, status, conclusion, before(started), None if ended is None else before(ended))


def job(number: int, name: str, conclusion: str | None, started: float, ended: float | None, *steps: Step) -> Job:
    return Job(
        number, 501, 2, name, "in_progress" if conclusion is None else "completed", conclusion, before(started + 2),
        before(started), None if ended is None else before(ended), ("ubuntu-latest",), "runner-1",
        f"https://github.com/tefj-fun/agent_bus/actions/runs/501/job/{number}", steps,
    )  # fmt: skip


def run(number: int, workflow: str, sha: str, branch: str, conclusion: str | None, attempt: int = 1) -> Run:
    return Run(
        REPOSITORY, number, attempt, 7, 11, workflow, f".github/workflows/{workflow.lower()}.yml", f"{workflow} run",
        "pull_request" if branch != "main" else "push", branch, sha,
        "in_progress" if conclusion is None else "completed", conclusion, before(400), before(140), before(3), "ada",
        f"https://github.com/tefj-fun/agent_bus/actions/runs/{number}",
    )  # fmt: skip


def pull(number: int, title: str, branch: str, sha: str) -> PullRequest:
    return PullRequest(
        REPOSITORY, number, title, "open", False, False, branch, sha, "main", "ada", before(60),
        f"https://github.com/tefj-fun/agent_bus/pull/{number}",
    )  # fmt: skip


def ticket(key: str, summary: str, status: Status, *links: TicketLink) -> Ticket:
    return Ticket(
        key, key[4:], summary, "Task", 0, status, "Ada", before(600), "KAN-40", links, 3600.0, None,
        f"https://x.example/browse/{key}",
    )  # fmt: skip


def story() -> Snapshot:
    jobs = (
        job(9001, "lint", "success", 138, 128),
        job(9002, "test", None, 134, None, step(1, "Build + start services", None, 118, None)),
    )
    pulls = (
        pull(38, "KAN-76 Lint/format checks", "kan-76-lint-format-checks", "a1b2c3d4e5f6"),
        pull(44, "KAN-79 Release automation", "kan-79-release", "bbbbbbbbbbbb"),
        pull(45, "Nothing yet", "docs", "cccccccccccc"),
    )
    runs = (
        run(501, "CI", "a1b2c3d4e5f6", "kan-76-lint-format-checks", None, 2),
        run(502, "CI", "bbbbbbbbbbbb", "kan-79-release", "failure"),
        run(503, "CI", "dddddddddddd", "main", "success"),
    )
    repository = RepositorySnapshot(
        REPOSITORY,
        "main",
        Part(pulls, before(2), SourceState.LIVE),
        Part(runs, before(2), SourceState.LIVE),
        Part((Workflow(11, "CI", ".github/workflows/ci.yml", "active", "https://x"),), before(2), SourceState.LIVE),
        {(501, 2): Part(jobs, before(2), SourceState.LIVE)},
        {9001: CacheState.HIT},
        {(".github/workflows/ci.yml", "test"): Typical(200.0, 20)},
    )
    blocked = TicketLink("is blocked by", "KAN-76", "Lint", REVIEW, True)
    epic = Epic(
        ticket("KAN-40", "Harden CI/CD", TODO),
        (ticket("KAN-76", "Lint/format checks", REVIEW), ticket("KAN-77", "Build cache", TODO, blocked)),
    )
    results = (
        TargetResult(
            Target("ci", "CI time (cache hit)", "run-duration", "CI", cache=CacheState.HIT, baseline=210, limit=120),
            Verdict.MET, "the median of 20 runs is 1m41s, within 2m00s", 20, 101.0, within=18,
        ),
        TargetResult(
            Target("bp", "Branch | protection", "control", baseline_text="none", limit_text="full", unit="count"),
            Verdict.UNKNOWN, "controls do not exist yet",
        ),
    )  # fmt: skip
    return Snapshot(
        NOW,
        (repository,),
        Part(epic, before(5), SourceState.LIVE),
        results,
        (Budget("github.com", 5000, 4912, before(-1800), 12, 30),),
    )


RESOLUTION = TransitionField(
    "resolution",
    "Resolution",
    True,
    "resolution",
    None,
    (FieldOption("1", "Done"), FieldOption("2", "Won't do")),
    False,
)
TRANSITIONS = (
    Transition("11", "Back to work", TODO, ()),
    Transition("31", "Finish", DONE, (RESOLUTION,)),
)


@dataclass
class FakeEngine:
    snapshot: Snapshot = field(default_factory=story)
    offered: Sequence[Transition] = TRANSITIONS
    outcome: ActionState = ActionState.DONE
    problem: Problem | None = None
    performed: list[Command] = field(default_factory=list)
    built_with: list[Any] = field(default_factory=list)
    raises: BaseException | None = None
    closed: bool = False

    def open(self) -> Snapshot:
        return self.snapshot

    def select(self, repository: RepositoryId, run_id: int | None, attempt: int | None = None) -> None:
        return None

    async def refresh(self, collect: int = 0, merges: int = 0) -> Snapshot:
        if self.raises is not None:
            raise self.raises
        return self.snapshot

    async def transitions(self, key: str) -> tuple[Transition, ...]:
        return tuple(self.offered)

    async def perform(self, command: Command) -> Action:
        self.performed.append(command)
        return Action(1, command, self.outcome, NOW, f"{command.sentence}: {self.outcome}.", NOW, self.problem)

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()

    def build(*arguments: Any) -> FakeEngine:
        fake.built_with.append(arguments)
        return fake

    monkeypatch.setattr("cidash.engine.assembly.build", build)
    return fake


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a folder without anything in them; the environment says nothing."""
    folder = tmp_path / "home"
    (folder / "work").mkdir(parents=True)
    for name in (
        "CIDASH_CONFIG", "CIDASH_DEBUG", "GH_REPO", "GH_TOKEN", "GITHUB_TOKEN", "GH_HOST", "GH_ENTERPRISE_TOKEN",
        "JIRA_URL", "JIRA_BASE_URL", "JIRA_EMAIL", "JIRA_API_TOKEN", "NO_COLOR",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.chdir(folder / "work")
    return folder


Cidash = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cidash(capsys: pytest.CaptureFixture[str]) -> Cidash:
    """Runs a command in this process; gives its exit code, output and diagnostics."""

    def call(*argv: str) -> tuple[int, str, str]:
        code = main(argv)
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def unreachable() -> Problem:
    return Problem(ProblemKind.UNREACHABLE, "GitHub (api.github.com) could not be reached.")
