"""Keeps true what blocks the merge of the pull requests that are looked at; asks for as little as can be."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from cidash.analysis.checks import newest_runs
from cidash.analysis.merge_blockers import reported_checks, state_of_check
from cidash.analysis.requirements import approvals_of, combined
from cidash.domain.ci import Job, PullRequest, Run
from cidash.domain.clock import Clock
from cidash.domain.merge import Demands, MergeState, ReportedCheck, Requirements, Unread
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import GITHUB_COM, RepositoryId
from cidash.domain.snapshot import Part, RepositorySnapshot
from cidash.engine import parts
from cidash.engine.board import Board
from cidash.github import protection, queries
from cidash.github.client import GitHubClient
from cidash.github.query import Query

T = TypeVar("T")

PULL_SECONDS = 10.0
CHECKS_SECONDS = 30.0
RULES_SECONDS = 30.0
UNSETTLED_SECONDS = 3.0
"""GitHub works out whether a pull request can be merged when it is asked, and tells it at the next question."""
SETTLE_SECONDS = 1.0
REFUSED_SECONDS = 600.0
"""A right that is missing now is hardly there in a minute, and every refusal is charged."""
KEPT = 30
_ACTIONS_APP = 15368
_HOPELESS = frozenset({ProblemKind.FORBIDDEN, ProblemKind.NOT_FOUND, ProblemKind.UNAUTHORIZED})


class MergePoll:
    """Asks about single pull requests of one repository; what is refused counts as not known, never as nothing."""

    def __init__(self, repository: RepositoryId, client: GitHubClient, board: Board, clock: Clock) -> None:
        self._repository = repository
        self._client = client
        self._board = board
        self._clock = clock
        self._due: dict[str, float] = {}
        self._answers: dict[str, Part[Any]] = {}
        self._seen: dict[int, tuple[object, ...]] = {}

    def expect_news(self) -> None:
        """Makes the next round ask everything again."""
        self._due.clear()

    def is_due(self, number: int) -> bool:
        """Returns whether nothing is known yet of that pull request."""
        return number not in self._here().merge

    async def round(self, numbers: Sequence[int]) -> None:
        """Asks what is due about these pull requests, and forgets those that are closed."""
        here = self._here()
        for number in numbers:
            await self._read(number)
        if here.pulls.data is not None:
            open_numbers = {pull.number for pull in here.pulls.data} | set(numbers)
            kept = {number: part for number, part in self._here().merge.items() if number in open_numbers}
            if len(kept) != len(self._here().merge):
                self._put(kept)

    async def settle(self, numbers: Sequence[int]) -> None:
        """As `round`, and once again for those that GitHub had to think about when it was asked."""
        await self.round(numbers)
        found = self._here().merge
        open_ones = [
            number
            for number in numbers
            if (part := found.get(number)) is not None
            and part.data is not None
            and part.data.mergeable_state in (None, "unknown")
        ]
        if open_ones:
            await self._clock.sleep(SETTLE_SECONDS)
            for number in open_ones:
                self._due.pop(f"pull {number}", None)
            await self.round(open_ones)

    async def _read(self, number: int) -> None:
        self._look_for_changes(number)
        pull = await self._ask(f"pull {number}", queries.pull(self._repository, number), PULL_SECONDS)
        merge = self._here().merge
        if pull.data is None:
            unread: Part[MergeState] = Part()
            problem = pull.problem
            if problem is not None:
                self._put({**merge, number: parts.failed(merge.get(number, unread), problem)})
            return
        if pull.data.mergeable_state in (None, "unknown"):
            self._due[f"pull {number}"] = self._clock.monotonic() + UNSETTLED_SECONDS
        state, problem = await self._state_of(pull.data)
        part: Part[MergeState] = parts.read(state, pull.fetched_at or self._clock.now())
        if problem is not None:
            part = parts.failed(part, problem)
        if self._here().merge.get(number) != part:
            self._put(_newest({**self._here().merge, number: part}, number))

    async def _state_of(self, pull: PullRequest) -> tuple[MergeState, Problem | None]:
        repository, branch = self._repository, pull.base_branch
        rules = await self._ask(f"rules {branch}", protection.branch_rules(repository, branch), RULES_SECONDS)
        summary = await self._ask(f"branch {branch}", protection.branch_summary(repository, branch), RULES_SECONDS)
        classic = await self._ask(f"classic {branch}", protection.classic_protection(repository, branch), RULES_SECONDS)
        demands: list[Demands] = [protection.strictest_rules(rules.data)] if rules.data is not None else []
        demands += [part.data for part in (summary, classic) if part.data is not None]
        requirements = combined(demands)
        reviews = await self._ask(f"reviews {pull.number}", protection.reviews(repository, pull.number), PULL_SECONDS)
        reported, everything = await self._reported(pull, requirements)
        given, objecting = approvals_of(reviews.data, pull.author) if reviews.data is not None else (None, None)
        state = MergeState(
            number=pull.number,
            head_sha=pull.head_sha,
            base_branch=branch,
            draft=pull.draft,
            mergeable_state=pull.mergeable_state,
            requirements=requirements,
            reported=reported,
            reported_all=everything,
            approvals_given=given,
            changes_requested_by=objecting,
            behind_by=await self._behind_by(pull, requirements),
            open=pull.state == "open",
            unread=tuple(
                Unread(what, part.problem.sentence)
                for what, part in {"rules": rules, "branch": summary, "classic": classic, "reviews": reviews}.items()
                if part.data is None and part.problem is not None
            ),
        )
        answers = cast("tuple[Part[Any], ...]", (rules, summary, classic, reviews))
        passing = next((part.problem for part in answers if part.problem and part.problem.kind not in _HOPELESS), None)
        return state, passing

    async def _reported(self, pull: PullRequest, requirements: Requirements) -> tuple[tuple[ReportedCheck, ...], bool]:
        """Returns the checks of the head commit, and whether these are all."""
        sha = pull.head_sha
        runs: Part[tuple[ReportedCheck, ...]] = await self._ask(
            f"checks {sha}", protection.check_runs(self._repository, sha), CHECKS_SECONDS
        )
        app = _ACTIONS_APP if self._repository.host == GITHUB_COM else None
        reported = reported_checks(runs.data, _jobs_of_head(self._here(), sha), app)
        missing = [one for one in requirements.checks.value if state_of_check(one.check, reported) is None]
        if not missing:
            return reported, runs.data is not None
        # Old-style statuses satisfy a required check as well; nobody needs them otherwise.
        statuses: Part[tuple[ReportedCheck, ...]] = await self._ask(
            f"statuses {sha}", protection.statuses(self._repository, sha), CHECKS_SECONDS
        )
        return (*reported, *(statuses.data or ())), runs.data is not None and statuses.data is not None

    async def _behind_by(self, pull: PullRequest, requirements: Requirements) -> int | None:
        """Asks only where being behind would block and GitHub's own word hides it behind another reason."""
        if not requirements.strict.value or pull.mergeable_state in {"clean", "has_hooks", "unstable", "behind"}:
            return None
        query = protection.behind_by(self._repository, pull.base_branch, pull.head_sha)
        return (await self._ask(f"behind {pull.number} {pull.head_sha}", query, RULES_SECONDS)).data

    async def _ask(self, key: str, query: Query[T], seconds: float) -> Part[T]:
        """Returns the newest answer, asked for anew when it is due; a refusal drops what was known before."""
        now = self._clock.monotonic()
        unread: Part[T] = Part()
        before = cast("Part[T]", self._answers.get(key, unread))
        if now < self._due.get(key, float("-inf")):
            return before
        self._due[key] = now + seconds
        try:
            reading = await self._client.fetch(query)
        except SourceError as error:
            hopeless = error.problem.kind in _HOPELESS
            if hopeless:
                self._due[key] = now + REFUSED_SECONDS
            part = parts.failed(unread if hopeless else before, error.problem)
        else:
            part = parts.read(reading.data, reading.fetched_at)
        self._answers[key] = part
        return part

    def _look_for_changes(self, number: int) -> None:
        """Makes the questions about a pull request due when its head or the state of its runs is another one."""
        here = self._here()
        pull = next((one for one in here.pulls.data or () if one.number == number), None)
        if pull is None:
            return
        runs = newest_runs(pull.head_sha, here.runs.data or ())
        seen = (pull.head_sha, pull.draft, pull.updated_at, *((run.key, run.status) for run in runs))
        if self._seen.get(number) != seen:
            self._seen[number] = seen
            for key in (f"pull {number}", f"reviews {number}", f"checks {pull.head_sha}", f"statuses {pull.head_sha}"):
                if not self._is_refused(key):
                    self._due.pop(key, None)

    def _is_refused(self, key: str) -> bool:
        part = self._answers.get(key)
        return part is not None and part.problem is not None and part.problem.kind in _HOPELESS

    def _here(self) -> RepositorySnapshot:
        return self._board.repository(self._repository)

    def _put(self, merge: Mapping[int, Part[MergeState]]) -> None:
        self._board.put_repository(replace(self._here(), merge=merge))


def _jobs_of_head(here: RepositorySnapshot, head_sha: str) -> list[Job]:
    """Returns the jobs that are known of the runs that decide about a commit, at their newest attempts."""
    found: list[Job] = []
    runs: tuple[Run, ...] = newest_runs(head_sha, here.runs.data or ())
    for run in runs:
        part = here.jobs.get(run.key)
        found += part.data or () if part is not None else ()
    return found


def _newest(merge: dict[int, Part[MergeState]], just_read: int) -> dict[int, Part[MergeState]]:
    """Returns at most as many as are kept, the oldest left out, the one just read never."""
    if len(merge) <= KEPT:
        return merge
    old = min((number for number in merge if number != just_read), key=lambda number: str(merge[number].fetched_at))
    return {number: part for number, part in merge.items() if number != old}
