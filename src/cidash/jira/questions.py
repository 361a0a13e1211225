"""Questions to Jira as values: what is asked, and how its answer is read. Pure, so it is tested without a socket."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from cidash.domain.epic import Transition
from cidash.jira.history_wire import TicketHistoryWire
from cidash.jira.wire import (
    TICKET_FIELDS,
    SearchPageWire,
    TicketWire,
    TransitionsWire,
    UserWire,
)

T = TypeVar("T")

API = "/rest/api/3"
PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """One read. `call` is what Jira's burst limit counts apart; `asked` names it in sentences."""

    path: str
    params: tuple[tuple[str, str], ...]
    read: Callable[[bytes], T]
    call: str
    asked: str
    body: Any = None
    """The JSON of a POST that only reads; None for a GET."""

    def url(self, base_url: str) -> str:
        """Returns the full URL, without needing httpx."""
        return f"{base_url}{self.path}?{urlencode(self.params)}" if self.params else f"{base_url}{self.path}"


def epic_page(
    key: str, reconcile: Sequence[str] = (), token: str | None = None, fields: Sequence[str] = TICKET_FIELDS
) -> Question[SearchPageWire]:
    """Asks for one page of the epic ticket together with its direct children. The key must have been checked."""
    jql = f"key = {key} OR parent = {key} ORDER BY key"
    return search_page(jql, f"the tickets of {key}", reconcile, token, fields)


def search_page(
    jql: str, asked: str, reconcile: Sequence[str] = (), token: str | None = None, fields: Sequence[str] = TICKET_FIELDS
) -> Question[SearchPageWire]:
    """Asks for one page of a search. Whatever is in the JQL must have been checked."""
    params = [
        ("jql", jql),
        ("fields", ",".join(fields)),
        ("maxResults", str(PAGE_SIZE)),
    ]
    params += [("reconcileIssues", one) for one in reconcile]
    if token is not None:
        params.append(("nextPageToken", token))
    return Question(f"{API}/search/jql", tuple(params), SearchPageWire.model_validate_json, "search", asked)


def ticket(key: str, fields: Sequence[str] = TICKET_FIELDS) -> Question[TicketWire]:
    """Asks for the ticket itself: the issue store answers, which does not lag as the search does."""
    return Question(f"{API}/issue/{key}", (("fields", ",".join(fields)),), TicketWire.model_validate_json, "issue", key)


def ticket_history(key: str) -> Question[TicketHistoryWire]:
    """Asks for who changed the ticket."""
    params = (("fields", "status"), ("expand", "changelog"))
    return Question(
        f"{API}/issue/{key}", params, TicketHistoryWire.model_validate_json, "issue", f"the history of {key}"
    )


def transitions(key: str) -> Question[tuple[Transition, ...]]:
    """Asks for the moves that this user may make now, with the fields on their screens."""

    def read(body: bytes) -> tuple[Transition, ...]:
        return TransitionsWire.model_validate_json(body).nouns()

    params = (("expand", "transitions.fields"),)
    return Question(f"{API}/issue/{key}/transitions", params, read, "transitions", f"the transitions of {key}")


def myself() -> Question[UserWire]:
    """Asks whose token this is."""
    return Question(f"{API}/myself", (), UserWire.model_validate_json, "myself", "whose token this is")
