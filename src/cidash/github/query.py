"""Questions to GitHub as values: what is asked, and how its answer is read. Pure: nothing here opens a socket."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote, urlencode

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Query(Generic[T]):
    """One question to the REST API of a host."""

    path: str
    """Under the API's base URL, parts already quoted."""
    params: tuple[tuple[str, str | int], ...]
    read: Callable[[bytes], T]
    """Turns one page's body into nouns; raises `SourceError` (`bad_answer`) when it can't."""
    what: str
    """The thing asked for, as it stands in a sentence: `the runs of octo/hello`."""
    paged: bool = False
    """Whether the answer goes on under `rel="next"`; T is then a tuple and the pages are joined."""
    right: str = "Metadata: read"
    """What a fine-grained token must be allowed, for the sentence of a 403 or 404."""
    read_refusal: Callable[[int, str], T | None] | None = None
    """Turns a refusal (status, message) that is an answer into nouns; None leaves it a problem. It is never stored."""
    is_settled: Callable[[T], bool] | None = None
    """Of a long paged list: whether nothing on a page can change any more. Then, once all pages are known, only one
    page that can still change is asked for at a time, in turn."""

    def url(self, api_url: str) -> str:
        """Returns the full URL: where the answer is asked for, and the key that its body is stored under."""
        return api_url.rstrip("/") + self.path + (f"?{urlencode(self.params, quote_via=quote)}" if self.params else "")


def joined(pages: Sequence[T]) -> T:
    """Returns the pages of a paged query as one tuple.

    Lists shift while they are paged through, so that an item can come twice: items with an `id` are kept once.
    """
    if len(pages) == 1:
        return pages[0]
    items: dict[object, object] = {}
    for page in cast("Sequence[tuple[Any, ...]]", pages):
        for item in page:
            items.setdefault(getattr(item, "id", item), item)
    return cast("T", tuple(items.values()))
