"""Answers that say no, in Jira's form."""

from collections.abc import Mapping


class RefusedError(Exception):
    """Raised anywhere below an endpoint; the gate turns it into the answer."""

    def __init__(
        self,
        status: int,
        *messages: str,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, *messages)
        self.status = status
        self.body = {"errorMessages": list(messages), "errors": dict(errors or {})}
        self.headers = dict(headers or {})


def no_issue() -> RefusedError:
    """Return the 404 for an issue that is not there or may not be seen."""
    return RefusedError(404, "Issue does not exist or you do not have permission to see it.")
