"""Comparisons and trends from the history, and the requests that fill it for them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from cidash.analysis.comparability import is_clean, is_of_workflow
from cidash.analysis.compare import compare
from cidash.analysis.sides import attempt_of
from cidash.analysis.trend import SHOWN, trend
from cidash.domain.ci import Attempt, Run
from cidash.domain.comparison import By, Comparison, Question
from cidash.domain.problem import ProblemKind, SourceError
from cidash.domain.state import State
from cidash.domain.trend import Trend
from cidash.engine.repository_poll import RepositoryPoll
from cidash.github import past_queries, queries

PER_BRANCH = 40
SURVEYED = 60
"""Attempts of a branch that tell which workflows it has."""
PER_WORKFLOW = 200
RE_RUNS = 300
JOBS_PER_SIDE = 25
_GONE = frozenset({ProblemKind.NOT_FOUND, ProblemKind.FORBIDDEN, ProblemKind.REFUSED, ProblemKind.BAD_ANSWER})


class Comparer:
    """Answers for one repository. `answer` is quick and asks nobody; `fill` makes the requests that are lacking."""

    def __init__(self, poll: RepositoryPoll) -> None:
        self._poll = poll

    def answer(self, question: Question) -> Comparison:
        """Returns the comparison that the history gives.

        Raises:
            ValueError: base or head can't be what the question says; the text is a sentence.
        """
        attempts = self._attempts(question)
        job_ids = [job.id for attempt in attempts for job in attempt.jobs]
        return compare(question, attempts, self._poll.history.cache_states(job_ids))

    def trend(self, workflow: str, branch: str | None = None, limit: int = SHOWN) -> Trend:
        """Returns the run strip of a workflow (by name, path or file name), of one branch or of all."""
        # Older attempts of a run are listed too: there may be more attempts than runs.
        kept = self._poll.history.attempts(workflow=workflow, branch=branch, limit=limit + limit // 3, steps=False)
        return trend(kept, limit)

    async def branch_of_pull(self, number: int) -> str:
        """Returns the head branch of that pull request, from its own answer or the stored one.

        Raises:
            SourceError: GitHub did not tell, and it is not stored.
        """
        query = queries.pull(self._poll.repository, number)
        try:
            return (await self._poll.client.fetch(query)).data.branch
        except SourceError:
            stored = self._poll.client.recall(query)
            if stored is None:
                raise
            return stored.data.branch

    async def fill(self, question: Question, requests: int) -> int:
        """Reads what the history lacks for the question, with at most so many requests; returns how many it made.

        First the runs of both sides with their jobs, then the workflow file at their head commits. A commit that is
        gone leaves its workflow file unknown.

        Raises:
            SourceError: a problem of the whole source; what was read so far is kept.
        """
        made = 0
        for wanted in await self._listed(question):
            made += 1
            for run in wanted:
                if made >= requests:
                    return made
                made += await self._read_attempt(run)
        return made + await self._read_files(question, requests - made)

    def _attempts(self, question: Question) -> list[Attempt]:
        history, workflow = self._poll.history, question.workflow
        if question.by is By.BRANCH:
            workflow = workflow or self._common_workflow(question)
            found = [history.attempts(workflow=workflow, branch=name, limit=PER_BRANCH) for name in _branches(question)]
            return [attempt for attempts in found for attempt in attempts]
        if question.by is By.COMMIT:
            return history.attempts(workflow=workflow, branch=question.base, limit=3 * PER_BRANCH)
        if question.by is By.CACHE:
            return history.attempts(workflow=workflow, limit=PER_WORKFLOW)
        sides = [attempt_of(word) for word in (question.base, question.head)]
        named = [(run_id, number) for run_id, number in sides if run_id is not None]
        if named:
            return history.find(named)
        again = [
            one.run for one in history.attempts(workflow=workflow, limit=RE_RUNS, steps=False) if one.run.attempt > 1
        ]
        return history.find({(run.id, number) for run in again for _, number in sides})

    def _common_workflow(self, question: Question) -> str | None:
        """Returns the path of the workflow that the branch with fewer clean runs of it has most of."""
        counts = [
            Counter(
                one.run.workflow_path
                for one in self._poll.history.attempts(branch=name, limit=SURVEYED, steps=False)
                if is_clean(one)
            )
            for name in (question.base, question.head)
        ]
        paths = {path for count in counts for path in count}
        return max(paths, key=lambda path: (min(count[path] for count in counts), counts[1][path]), default=None)

    async def _listed(self, question: Question) -> list[list[Run]]:
        """Returns the finished runs that the history lacks, by side."""
        poll = self._poll
        if question.by is By.ATTEMPT:
            return [await self._lacking_attempts(question)]
        branches: Sequence[str | None] = (None,) if question.by is By.CACHE else _branches(question)
        found = []
        for branch in branches:
            reading = await poll.client.fetch(queries.recent_runs(poll.repository, branch))
            runs = [
                run
                for run in reading.data
                if run.attempt == 1
                and run.state is State.SUCCESS
                and (question.workflow is None or is_of_workflow(run, question.workflow))
            ]
            known = poll.history.known([run.key for run in runs])
            found.append(list(islice((run for run in runs if run.key not in known), JOBS_PER_SIDE)))
        return found

    async def _lacking_attempts(self, question: Question) -> list[Run]:
        poll = self._poll
        named = [attempt_of(word) for word in (question.base, question.head)]
        keys = [(run_id, number) for run_id, number in named if run_id is not None]
        known = poll.history.known(keys)
        found = []
        for run_id, number in keys:
            if (run_id, number) not in known:
                run = (await poll.client.fetch(queries.attempt(poll.repository, run_id, number))).data
                if run.status == "completed":
                    found.append(run)
        return found

    async def _read_attempt(self, run: Run) -> int:
        poll = self._poll
        try:
            jobs = await poll.client.fetch(queries.jobs(poll.repository, run.id, run.attempt))
        except SourceError as error:
            if error.problem.kind not in _GONE:
                raise
            return 1
        poll.keep(Attempt(run, jobs.data))
        return 1

    async def _read_files(self, question: Question, requests: int) -> int:
        """Asks for the workflow file at the head commits that may count, the newest first."""
        poll = self._poll
        made = 0
        for head, path in islice(_unread_files(self._attempts(question)), max(0, requests)):
            made += 1
            try:
                found = (await poll.client.fetch(past_queries.file_sha(poll.repository, path, head))).data
            except SourceError as error:
                if error.problem.kind not in _GONE:
                    raise
                continue
            if found:
                poll.history.save_workflow_blobs({(head, path): found})
        return made


def _branches(question: Question) -> tuple[str, ...]:
    if question.by is By.COMMIT:
        return (question.base,)
    return (question.base,) if question.base == question.head else (question.base, question.head)


def _unread_files(attempts: Iterable[Attempt]) -> list[tuple[str, str]]:
    """Returns (head commit, workflow path) of the clean attempts whose workflow file is not known."""
    return list(
        dict.fromkeys(
            (one.run.head_sha, one.run.workflow_path)
            for one in attempts
            if is_clean(one) and one.run.workflow_blob is None and one.run.workflow_path and one.run.head_sha
        )
    )
