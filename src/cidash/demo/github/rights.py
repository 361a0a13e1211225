"""Who may change what."""

from cidash.demo.github.web import Call, RefusalError


def must_write(call: Call) -> None:
    """Refuses a caller that may not change the repository, in GitHub's words."""
    if call.caller.token is None:
        raise RefusalError(401, "Requires authentication")
    if not call.caller.admin:
        raise RefusalError(403, "Must have admin rights to Repository.")
