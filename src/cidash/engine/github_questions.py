"""What is asked of GitHub only when somebody is about to act: settings, inputs, pending deployments, artifacts."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from cidash.analysis.workflow_file.parse import WorkflowFileError, parse_workflow
from cidash.domain.acting import Artifact, MergeSettings, PendingDeployment, StoredCache
from cidash.domain.ci import PullRequest, Run, Workflow
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.workflow_file import DispatchInput
from cidash.github import acting_queries, artifacts, queries
from cidash.github.client import GitHubClient
from cidash.github.query import Query

T = TypeVar("T")


class GitHubQuestions:
    """Asks the host of the repository; every failure is a SourceError."""

    def __init__(self, clients: Mapping[RepositoryId, GitHubClient]) -> None:
        self._clients = clients

    async def run(self, repository: RepositoryId, run_id: int) -> Run:
        """Returns the run at its newest attempt."""
        return await self._ask(repository, queries.run(repository, run_id))

    async def pull(self, repository: RepositoryId, number: int) -> PullRequest:
        """Returns the pull request, with what GitHub says about merging it."""
        return await self._ask(repository, queries.pull(repository, number))

    async def workflows(self, repository: RepositoryId) -> tuple[Workflow, ...]:
        """Returns all workflows."""
        return await self._ask(repository, queries.workflows(repository))

    async def merge_settings(self, repository: RepositoryId) -> MergeSettings:
        """Returns which ways of merging are allowed, and whether GitHub's own auto-merge is."""
        return await self._ask(repository, acting_queries.merge_settings(repository))

    async def pending_deployments(self, repository: RepositoryId, run_id: int) -> tuple[PendingDeployment, ...]:
        """Returns the deployments that the run waits with."""
        return await self._ask(repository, acting_queries.pending_deployments(repository, run_id))

    async def dispatch_inputs(
        self, repository: RepositoryId, workflow: Workflow, ref: str
    ) -> tuple[DispatchInput, ...]:
        """Returns the inputs that the workflow's file on that branch or tag declares.

        Raises:
            SourceError: also when the file can't be read as a workflow, or has no `workflow_dispatch` trigger.
        """
        content = await self._ask(repository, acting_queries.file(repository, workflow.path, ref))
        try:
            trigger = parse_workflow(content).trigger("workflow_dispatch")
        except WorkflowFileError as error:
            sentence = f"{workflow.path} on {ref} can't be read as a workflow: {error}."
            raise SourceError(Problem(ProblemKind.BAD_ANSWER, sentence)) from error
        if trigger is None:
            sentence = f"{workflow.name} can't be started by hand: {workflow.path} on {ref} has no workflow_dispatch."
            raise SourceError(Problem(ProblemKind.REFUSED, sentence))
        return trigger.inputs

    async def artifacts(self, repository: RepositoryId, run_id: int) -> tuple[Artifact, ...]:
        """Returns the run's artifacts."""
        return await self._ask(repository, acting_queries.artifacts(repository, run_id))

    async def caches(self, repository: RepositoryId, key: str | None = None) -> tuple[StoredCache, ...]:
        """Returns the cache entries whose keys begin with `key`."""
        return await self._ask(repository, acting_queries.caches(repository, key))

    async def download(
        self, repository: RepositoryId, artifact: Artifact, folder: Path, on_progress: Callable[[int], None]
    ) -> Path:
        """Downloads and unpacks an artifact into a new folder of its name below `folder`; returns that folder.

        Raises:
            SourceError: also when the archive is not safe, or the folder is there already.
        """
        gate = self._clients[repository].gate
        return await artifacts.download(gate, repository, artifact, folder, on_progress)

    async def _ask(self, repository: RepositoryId, query: Query[T]) -> T:
        return (await self._clients[repository].fetch(query)).data
