"""Which request carries out a command. Pure: nothing here opens a socket."""

from dataclasses import dataclass
from typing import Any, Literal

from cidash.domain.command import GitHubCommand, Rerun, RerunScope
from cidash.domain.github_command import (
    ApproveRun,
    CancelRun,
    DeleteCache,
    DispatchWorkflow,
    MergePull,
    ReviewDeployment,
    SetWorkflow,
)
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.github.queries import ACTIONS_WRITE, base

CONTENTS_WRITE = "Contents: write"
DEPLOYMENTS_WRITE = "Deployments: write"
GITHUB_COM = "github.com"


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One request that changes something; it is sent once."""

    method: Literal["POST", "PUT", "DELETE"]
    path: str
    """Under the API's base URL, parts quoted."""
    json: Any = None
    right: str = ACTIONS_WRITE
    """The right that a fine-grained token needs for it."""
    by_package: bool = False
    """Whether it goes through PyGithub, which has the call."""


def request_of(command: GitHubCommand) -> WriteRequest:  # noqa: PLR0911 - one return for each command
    """Returns the request for a command.

    Raises:
        SourceError: `refused`: the command does not name all that is needed.
    """
    actions = f"{base(command.repository)}/actions"
    match command:
        case Rerun():
            return _rerun(command, actions)
        case CancelRun():
            last = "force-cancel" if command.force else "cancel"
            return WriteRequest("POST", f"{actions}/runs/{command.run.id}/{last}", by_package=not command.force)
        case ApproveRun():
            return WriteRequest("POST", f"{actions}/runs/{command.run.id}/approve")
        case ReviewDeployment():
            json = {
                "environment_ids": [one.id for one in command.environments],
                "state": "approved" if command.approve else "rejected",
                "comment": command.comment,
            }
            return WriteRequest("POST", f"{actions}/runs/{command.run.id}/pending_deployments", json, DEPLOYMENTS_WRITE)
        case MergePull():
            json = {"merge_method": command.method.value, "sha": command.head_sha}
            path = f"{base(command.repository)}/pulls/{command.number}/merge"
            return WriteRequest("PUT", path, json, CONTENTS_WRITE, by_package=True)
        case DispatchWorkflow():
            path = f"{actions}/workflows/{command.workflow_id}/dispatches"
            return WriteRequest("POST", path, _dispatch(command), by_package=True)
        case SetWorkflow():
            last = "enable" if command.enabled else "disable"
            return WriteRequest("PUT", f"{actions}/workflows/{command.workflow_id}/{last}")
        case DeleteCache():
            return WriteRequest("DELETE", f"{actions}/caches/{command.entry_id}")


def _rerun(command: Rerun, actions: str) -> WriteRequest:
    json = {"enable_debug_logging": True} if command.debug else None
    if command.scope is RerunScope.JOB:
        if command.job_id is None:
            sentence = f"Which job? None was named to {command.sentence[0].lower()}{command.sentence[1:]}."
            raise SourceError(Problem(ProblemKind.REFUSED, sentence))
        return WriteRequest("POST", f"{actions}/jobs/{command.job_id}/rerun", json)
    last = "rerun" if command.scope is RerunScope.ALL else "rerun-failed-jobs"
    return WriteRequest("POST", f"{actions}/runs/{command.run_id}/{last}", json, by_package=not command.debug)


def _dispatch(command: DispatchWorkflow) -> dict[str, Any]:
    """An older server does not know `return_run_details` and refuses what it does not know."""
    body: dict[str, Any] = {"ref": command.ref}
    if command.inputs:
        body["inputs"] = dict(command.inputs)
    if command.repository.host == GITHUB_COM:
        body["return_run_details"] = True
    return body
