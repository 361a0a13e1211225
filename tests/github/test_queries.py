"""Questions as values: their addresses."""

import pytest

from cidash.domain.repository import RepositoryId
from cidash.github import queries
from cidash.github.query import Query, joined

API = "https://api.github.com"
REPOSITORY = RepositoryId("github.com", "octo", "hello")


@pytest.mark.parametrize(
    ("query", "url", "what"),
    [
        (
            queries.recent_runs(REPOSITORY),
            "/repos/octo/hello/actions/runs?exclude_pull_requests=true&per_page=100",
            "the runs of octo/hello",
        ),
        (
            queries.recent_runs(REPOSITORY, branch="feat/ä&b", per_page=20),
            "/repos/octo/hello/actions/runs?branch=feat%2F%C3%A4%26b&exclude_pull_requests=true&per_page=20",
            "the runs of branch feat/ä&b in octo/hello",
        ),
        (
            queries.recent_runs(REPOSITORY, head_sha="a1b2c3d4e5"),
            "/repos/octo/hello/actions/runs?head_sha=a1b2c3d4e5&exclude_pull_requests=true&per_page=100",
            "the runs of commit a1b2c3d in octo/hello",
        ),
        (
            queries.workflow_runs(REPOSITORY, 7, "main", 50),
            "/repos/octo/hello/actions/workflows/7/runs?branch=main&exclude_pull_requests=true&per_page=50",
            "the runs of workflow 7 in octo/hello",
        ),
        (
            queries.run(REPOSITORY, 9),
            "/repos/octo/hello/actions/runs/9?exclude_pull_requests=true",
            "run 9 of octo/hello",
        ),
        (
            queries.attempt(REPOSITORY, 9, 2),
            "/repos/octo/hello/actions/runs/9/attempts/2?exclude_pull_requests=true",
            "attempt 2 of run 9 of octo/hello",
        ),
        (
            queries.jobs(REPOSITORY, 9, 2),
            "/repos/octo/hello/actions/runs/9/attempts/2/jobs?per_page=100",
            "the jobs of run 9, attempt 2, of octo/hello",
        ),
        (
            queries.pulls(REPOSITORY),
            "/repos/octo/hello/pulls?state=open&per_page=100",
            "the open pull requests of octo/hello",
        ),
        (queries.pull(REPOSITORY, 38), "/repos/octo/hello/pulls/38", "pull request #38 of octo/hello"),
        (
            queries.workflows(REPOSITORY),
            "/repos/octo/hello/actions/workflows?per_page=100",
            "the workflows of octo/hello",
        ),
        (queries.repository(REPOSITORY), "/repos/octo/hello", "repository octo/hello"),
        (queries.user("github.com"), "/user", "the user of the token"),
        (queries.rate_limit("github.com"), "/rate_limit", "the rate limit"),
    ],
)
def test_address_and_words(query: Query[object], url: str, what: str) -> None:
    assert query.url(API) == API + url
    assert query.url(API + "/") == API + url
    assert query.what == what


def test_an_enterprise_server_has_a_path_of_its_own() -> None:
    query = queries.repository(RepositoryId("ghe.example.com", "octo", "hello"))

    assert query.url("https://ghe.example.com/api/v3") == "https://ghe.example.com/api/v3/repos/octo/hello"


def test_names_stay_in_their_place() -> None:
    nasty = RepositoryId("github.com", "../../user", "x?y#z")

    assert queries.repository(nasty).path == "/repos/..%2F..%2Fuser/x%3Fy%23z"
    with pytest.raises(ValueError, match="more than dots"):
        queries.repository(RepositoryId("github.com", "..", "x"))


def test_joined_pages_keep_each_item_once() -> None:
    class Item:
        def __init__(self, number: int) -> None:
            self.id = number

    first: tuple[Item, ...] = (Item(1), Item(2))
    second: tuple[Item, ...] = (Item(2), Item(3))

    assert joined([first, second]) == (*first, second[1])
    assert joined([("a", "b"), ("b",)]) == ("a", "b")
    assert joined(["a text"]) == "a text"
