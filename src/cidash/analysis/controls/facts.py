"""What could be read of a repository. What could not is `Unread`, with the reason, and never an empty answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cidash.domain.workflow_file import JobFile, WorkflowFile


@dataclass(frozen=True, slots=True)
class Unread:
    """A fact that could not be read, and why: the sentence that `unknown` gives as its reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The files of the default branch (or of a local checkout)."""

    workflows: Mapping[str, WorkflowFile | Unread] | Unread
    """By path."""
    tracked: tuple[str, ...] | Unread
    """Paths of all tracked files."""
    texts: Mapping[str, str | Unread] = field(default_factory=dict)
    """Files that controls look into, by path; a path that is not here does not exist."""

    def text(self, path: str) -> str | Unread | None:
        """Returns a file's text, None when it does not exist."""
        return self.texts.get(path)

    def readable(self) -> dict[str, WorkflowFile]:
        """Returns the workflow files that could be read, by path."""
        if isinstance(self.workflows, Unread):
            return {}
        return {path: one for path, one in self.workflows.items() if isinstance(one, WorkflowFile)}

    def unread_workflows(self) -> tuple[str, ...]:
        """Returns why workflow files could not be read, one sentence each."""
        if isinstance(self.workflows, Unread):
            return (self.workflows.reason,)
        return tuple(f"{path}: {one.reason}" for path, one in self.workflows.items() if isinstance(one, Unread))


def job_called(file: WorkflowFile, name: str) -> JobFile | None:
    """Returns the job whose display name is that, else the one whose id is."""
    by_name = next((job for job in file.jobs if job.name == name), None)
    return by_name or next((job for job in file.jobs if job.id == name and job.name is None), None)
