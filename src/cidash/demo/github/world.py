"""The state of the demo's GitHub, and everything that can happen to it."""

import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from cidash.demo.github import files, timeline
from cidash.demo.github.commits import CommitGraph
from cidash.demo.github.limits import Caller, Limits, RequestLog, Write
from cidash.demo.github.model import (
    DEFAULT_BRANCH,
    OWNER,
    Attempt,
    CacheEntry,
    CachePlan,
    Job,
    Protection,
    Pull,
    Recipe,
    Release,
    Ruleset,
    Run,
    Workflow,
)
from cidash.demo.github.plans import plans_for, recipe_for_rerun
from cidash.demo.github.schedules import SCHEDULES, scheduled_run

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

Fault: TypeAlias = "Callable[[Request], Response | Awaitable[Response | None] | None]"
DOCKER_LAYERS = 8
"""Layers of the image without its FROM line."""


@dataclass(slots=True)
class RunDraft:
    """A run before it has numbers. Seconds are at pace 1, counted from the run's or the attempt's start."""

    created_at: datetime
    workflow: str
    recipe: Recipe
    event: str
    branch: str
    head_sha: str
    title: str
    actor: str = OWNER
    pulls: tuple[int, ...] = ()
    head_owner: str = OWNER
    cancel_after_seconds: float | None = None
    fixed_conclusion: str | None = None
    name: str | None = None
    reruns: tuple[tuple[datetime, str, str], ...] = ()
    """When, what (`all` or `failed`), who."""


@dataclass(slots=True, repr=False, eq=False)
class World:
    """One repository with its runs, pull requests and settings. Tests switch things here."""

    scenario: str
    pace: float
    seed: int
    now: Callable[[], datetime]
    graph: CommitGraph
    limits: Limits
    started_at: datetime
    api_url: str = "http://127.0.0.1"
    storage_url: str = "http://127.0.0.1"
    web_url: str = "https://github.com"
    tokens: dict[str, Caller] = field(default_factory=dict)
    workflows: dict[int, Workflow] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    jobs: dict[int, tuple[Run, Attempt, Job]] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    caches: list[CacheEntry] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    protection: dict[str, Protection] = field(default_factory=dict)
    rulesets: list[Ruleset] = field(default_factory=list)
    hidden_protection_status: int = 404
    """What a token without administration rights is told about protection: 404 or 403."""
    log_retention_days: int = 90
    requests: RequestLog = field(default_factory=RequestLog)
    writes: list[Write] = field(default_factory=list)
    storage_requests: int = 0
    storage_tokens: list[str] = field(default_factory=list)
    """Every Authorization header that arrived at the storage host: there should be none."""
    faults: list[Fault] = field(default_factory=list)
    """Asked before anything else, by the API and the storage; the first answer that is not None is sent."""
    version: int = 0
    """Grows when the addresses change, so that nothing serialised before is used again."""
    serialised: dict[tuple[object, ...], bytes] = field(default_factory=dict)
    """Runs and jobs as JSON, by all that they depend on."""
    _order: list[Run] = field(default_factory=list)
    _last_run_id: int = 21_480_000_000
    _last_job_id: int = 61_920_000_000
    _last_cache_id: int = 4_100_000
    _scheduled_until: datetime | None = None

    def __repr__(self) -> str:
        return f"<World {self.scenario!r}: {len(self.runs)} runs, {len(self.pulls)} pull requests>"

    # -- numbers ---------------------------------------------------------------------------------------------

    def new_job_id(self) -> int:
        """Returns the next job id."""
        self._last_job_id += 13 + self._last_job_id % 29
        return self._last_job_id

    def workflow(self, path: str) -> Workflow:
        """Returns the workflow of a file."""
        return next(workflow for workflow in self.workflows.values() if workflow.path == path)

    def visible_runs(self, now: datetime) -> Iterable[Run]:
        """Returns the runs that exist at that moment, newest first."""
        return (run for run in reversed(self._order) if run.created_at <= now)

    # -- runs ------------------------------------------------------------------------------------------------

    def start_run(self, draft: RunDraft) -> Run:
        """Makes a run: its first attempt with all its times, and the re-runs that the draft already knows."""
        workflow = self.workflow(draft.workflow)
        self._last_run_id += 1_013 + self._last_run_id % 4_801
        dice = random.Random(f"{self.seed}:{workflow.path}:{workflow.next_number}:{draft.head_sha}")
        run = Run(
            id=self._last_run_id,
            number=workflow.next_number,
            workflow=workflow,
            recipe=draft.recipe,
            event=draft.event,
            branch=draft.branch,
            head_sha=draft.head_sha,
            title=draft.title,
            created_at=draft.created_at,
            actor=draft.actor,
            dice=dice,
            name=draft.name or workflow.name,
            path=workflow.path,
            head_owner=draft.head_owner,
            pulls=draft.pulls if draft.head_owner == OWNER else (),
            updated_lag_seconds=dice.uniform(300, 9000) if dice.random() < 0.15 else 0.0,
        )
        workflow.next_number += 1
        self.runs[run.id] = run
        self._order.append(run)
        self._order.sort(key=lambda each: (each.created_at, each.id))
        held = draft.fixed_conclusion == "action_required"
        attempt = Attempt(1, draft.created_at, draft.actor, () if held else plans_for(draft.recipe, dice))
        attempt.fixed_conclusion = draft.fixed_conclusion
        self.add_attempt(run, attempt)
        if draft.cancel_after_seconds is not None:
            self.cancel(run, draft.created_at + timedelta(seconds=draft.cancel_after_seconds * self.pace))
        for at, what, actor in draft.reruns:
            ended = run.attempts[-1].finished_at
            self.rerun(run, max(at, ended) if ended else at, actor, what)
        return run

    def add_attempt(self, run: Run, attempt: Attempt, carried: dict[str, Job] | None = None) -> None:
        """Gives the attempt its times and makes its jobs known."""
        timeline.schedule(attempt, self.pace, self.new_job_id, carried)
        if attempt not in run.attempts:
            run.attempts.append(attempt)
        self._know(run, attempt)

    def _know(self, run: Run, attempt: Attempt) -> None:
        for job in attempt.jobs:
            self.jobs[job.id] = (run, attempt, job)
            if not job.carried and job.started_at is not None and job.completed_at is not None:
                self._remember_cache(run, job, job.started_at, job.completed_at)

    def _remember_cache(self, run: Run, job: Job, started_at: datetime, completed_at: datetime) -> None:
        plan = job.plan.cache
        ref = f"refs/pull/{run.pulls[0]}/merge" if run.pulls else f"refs/heads/{run.branch}"
        if plan.state in {"hit", "partial"}:
            wanted = plan.restored_key or plan.key
            for entry in self.caches:
                if entry.key == wanted and entry.ref in {ref, f"refs/heads/{DEFAULT_BRANCH}"}:
                    entry.accesses.append(started_at)
        if plan.state in {"miss", "partial"} and plan.size_bytes and job.conclusion == "success":
            self.add_cache(ref, plan.key, completed_at, plan.size_bytes, job.id)

    def add_cache(self, ref: str, key: str, at: datetime, size_bytes: int, job_id: int = 0) -> CacheEntry:
        """Stores a cache entry unless the ref has that key already."""
        for entry in self.caches:
            if entry.ref == ref and entry.key == key and entry.created_at <= at:
                return entry
        self._last_cache_id += 7
        entry = CacheEntry(
            self._last_cache_id, ref, key, files.blob_sha(ref.split("/")[1]) + "0" * 24, at, size_bytes, job_id
        )
        self.caches.append(entry)
        return entry

    def rerun(self, run: Run, at: datetime, actor: str, what: str, job: Job | None = None) -> Attempt:
        """Begins a new attempt.

        Args:
            run: must be finished.
            at: when the attempt begins.
            actor: who asked.
            what: `all`, `failed` (with what depends on it), or `job` for one job and what depends on it.
            job: for `job`, any attempt's job.
        """
        before = run.attempts[-1]
        recipe = recipe_for_rerun(run.recipe)
        planned = plans_for(recipe, run.dice)
        wanted = {plan.key for plan in planned}
        if what == "failed":
            wanted = {each.key for each in before.jobs if each.conclusion in {"failure", "cancelled", "timed_out"}}
        elif what == "job" and job is not None:
            wanted = {job.key}
        for plan in planned:
            if wanted.intersection(plan.needs):
                wanted.add(plan.key)
        carried = {each.key: each for each in before.jobs if each.key not in wanted}
        old = {plan.key: plan for plan in before.plans}
        plans = tuple(old[plan.key] if plan.key in carried else plan for plan in planned)
        attempt = Attempt(before.number + 1, at, actor, plans)
        run.recipe = recipe
        self.add_attempt(run, attempt, carried)
        return attempt

    def cancel(self, run: Run, at: datetime, *, force: bool = False) -> None:
        """Cancels the newest attempt at that moment; caches that were not saved by then never are."""
        attempt = run.attempts[-1]
        timeline.cancel(attempt, at, self.pace, self.new_job_id, force=force)
        ids = {job.id for job in attempt.jobs if job.conclusion == "cancelled"}
        self.caches = [entry for entry in self.caches if not (entry.job_id in ids and entry.created_at > at)]
        self._know(run, attempt)

    def review_deployment(self, run: Run, environment: str, at: datetime, *, approved: bool) -> None:
        """Lets the jobs that wait for an environment go on, or fail."""
        attempt = run.attempts[-1]
        if approved:
            attempt.approvals[environment] = at
        else:
            timeline.reject(attempt, environment, at)
        self.add_attempt(run, attempt)

    def approve(self, run: Run, at: datetime) -> None:
        """Starts the run of a first-time contributor that waited for an approval."""
        attempt = Attempt(run.attempts[-1].number, at, run.attempts[-1].actor, plans_for(run.recipe, run.dice))
        run.attempts.pop()
        self.add_attempt(run, attempt)

    # -- what starts runs ------------------------------------------------------------------------------------

    def ci_recipe(self, sha: str, ref: str, at: datetime, outcome: str = "success") -> Recipe:
        """Returns how CI goes for a commit: which jobs its file names, and what its cache finds for that ref."""
        content = self.graph.commits[sha].files
        text = content.get(files.CI, "")
        variant = "matrix" if "matrix.python" in text else "lint" if "ruff check" in text else ""
        if "github.sha" in text and "cache_to" not in content.get("docker-compose.yml", ""):
            cache = CachePlan("broken", f"Linux-docker-{sha}", None, 0, DOCKER_LAYERS)
        elif "runner.os }}-docker-" in text:
            key = f"Linux-docker-{sha}" if "github.sha" in text else files.cache_key(content)
            cache = self._cache_for(key, ref, at)
        else:
            cache = CachePlan("none", docker_total=DOCKER_LAYERS)
        return Recipe("ci", variant, outcome, cache)

    def _cache_for(self, key: str, ref: str, at: datetime) -> CachePlan:
        refs = {ref, f"refs/heads/{DEFAULT_BRANCH}"}
        stored = [entry for entry in self.caches if entry.ref in refs and entry.created_at <= at]
        found = [entry for entry in stored if entry.key.startswith("Linux-docker-")]
        size = 1_060_000_000 + int(key[-6:], 16) * 9
        if any(entry.key == key for entry in found):
            return CachePlan("hit", key, key, DOCKER_LAYERS, DOCKER_LAYERS, size)
        if found:
            newest = max(found, key=lambda entry: entry.created_at)
            return CachePlan("partial", key, newest.key, DOCKER_LAYERS // 2, DOCKER_LAYERS, size)
        return CachePlan("miss", key, None, 0, DOCKER_LAYERS, size)

    def push_to_main(self, sha: str, at: datetime, title: str, actor: str, outcome: str = "success") -> Run:
        """Moves main to the commit and starts its CI."""
        self.graph.branches[DEFAULT_BRANCH] = sha
        recipe = self.ci_recipe(sha, f"refs/heads/{DEFAULT_BRANCH}", at, outcome)
        return self.start_run(RunDraft(at, files.CI, recipe, "push", DEFAULT_BRANCH, sha, title, actor))

    def merge(self, pull: Pull, method: str, text: str, at: datetime, actor: str, outcome: str = "success") -> str:
        """Merges the pull request and starts CI on main.

        Args:
            pull: the pull request; must be open.
            method: `merge`, `squash` or `rebase`.
            text: the new commit's message, title first.
            at: when.
            actor: who merges.
            outcome: how CI on main will go.

        Returns:
            The new commit's sha.
        """
        graph = self.graph
        main = graph.branches[pull.base_branch]
        fork_point = graph.merge_base(main, pull.head_sha)
        theirs, base = graph.commits[pull.head_sha].files, fork_point.files if fork_point else {}
        paths = sorted(set(theirs) | set(base))
        changes = {path: theirs.get(path) for path in paths if theirs.get(path) != base.get(path)}
        parents = (main, pull.head_sha) if method == "merge" else (main,)
        commit = graph.add(text, actor, at, parents, changes)
        pull.closed_at = pull.merged_at = pull.updated_at = at
        pull.merged_by, pull.merge_commit_sha, pull.base_sha = actor, commit.sha, main
        self.push_to_main(commit.sha, at + timedelta(seconds=2), text.partition("\n")[0], actor, outcome)
        return commit.sha

    def catch_up(self, now: datetime) -> None:
        """Starts the scheduled runs that have come due since the last call."""
        since = self._scheduled_until
        if since is None or now - since < timedelta(seconds=1):
            return
        self._scheduled_until = now
        day: date = since.date() - timedelta(days=1)
        due: list[RunDraft] = []
        while day <= now.date():
            for path in SCHEDULES:
                found = scheduled_run(self.seed, path, day)
                if found is not None and since < found.created_at <= now:
                    due.append(self.scheduled_draft(path, found.created_at, found.recipe))
            day += timedelta(days=1)
        for draft in sorted(due, key=lambda each: each.created_at):
            if self.workflow(draft.workflow).state == "active":
                self.start_run(draft)

    def schedule_from(self, moment: datetime) -> None:
        """Lets the clock start scheduled runs from that moment on."""
        self._scheduled_until = moment

    def scheduled_draft(self, path: str, created_at: datetime, recipe: Recipe) -> RunDraft:
        """Returns a scheduled run of the default branch's head."""
        head = self.graph.branches[DEFAULT_BRANCH]
        title = self.workflow(path).name
        return RunDraft(created_at, path, recipe, "schedule", DEFAULT_BRANCH, head, title)

    def set_state(self, workflow: Workflow, state: str) -> None:
        """Enables or disables a workflow."""
        workflow.state = state
        workflow.updated_at = self.now()

    def pull_runs(self, sha: str, now: datetime) -> list[Run]:
        """Returns the newest run of each workflow for a head commit: what its checks are made of."""
        newest: dict[int, Run] = {}
        for run in self.visible_runs(now):
            if run.head_sha == sha:
                newest.setdefault(run.workflow.id, run)
        return list(newest.values())

    def protected(self, branch: str) -> bool:
        """Whether anything protects the branch."""
        return branch in self.protection or any(
            rules.enforcement == "active" and rules.covers(branch) for rules in self.rulesets
        )

    def move_pull(self, pull: Pull, sha: str) -> None:
        """Gives the pull request a new head commit, as a push to its branch does."""
        pull.head_sha, pull.updated_at = sha, self.now()
        if pull.head_owner == OWNER:
            self.graph.branches[pull.branch] = sha
        else:
            self.graph.forks[pull.head_owner, pull.branch] = sha
