"""Which repository, on which host: the first half of every identity."""

from dataclasses import dataclass

GITHUB_COM = "github.com"


@dataclass(frozen=True, slots=True, order=True)
class RepositoryId:
    """A repository's address; `str()` gives `owner/name`, with the host before it when it is not github.com."""

    host: str
    owner: str
    name: str

    @property
    def full_name(self) -> str:
        """`owner/name`, as GitHub's API calls it."""
        return f"{self.owner}/{self.name}"

    def __str__(self) -> str:
        return self.full_name if self.host == GITHUB_COM else f"{self.host}/{self.full_name}"
