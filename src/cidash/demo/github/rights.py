"""Who may change what."""

from cidash.demo.github.web import Call, RefusalError


def must_write(call: Call, permission: str = "actions=write") -> None:
    """Refuses a caller that may not change the repository, in GitHub's words, naming the missing permission."""
    if call.caller.token is None:
        raise RefusalError(401, "Requires authentication")
    if not call.caller.admin:
        wanted = {"x-accepted-github-permissions": permission}
        raise RefusalError(403, "Must have admin rights to Repository.", headers=wanted)
