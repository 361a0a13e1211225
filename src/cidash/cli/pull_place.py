"""What names a pull request on the command line: `38`, `'#38'`, or the address that a browser shows."""

import re
from urllib.parse import urlsplit

from cidash.cli import session
from cidash.cli.exits import UsageError
from cidash.cli.parser import Arguments
from cidash.cli.run_address import RunAddress
from cidash.cli.run_place import repository_of_run
from cidash.config.load import Loaded
from cidash.domain.repository import RepositoryId

_PATH = re.compile(r"/(?P<owner>[A-Za-z0-9_.-]+)/(?P<name>[A-Za-z0-9_.-]+)/pull/(?P<number>[0-9]{1,10})(?:/.*)?")
_NUMBER = re.compile(r"#?([0-9]{1,10})")


def pull_place(written: str, arguments: Arguments, loaded: Loaded) -> tuple[RepositoryId, int]:
    """Returns the repository and the number of the pull request.

    Raises:
        UsageError: it is none, or it is not clear in which repository.
    """
    number = _NUMBER.fullmatch(written)
    if number is not None:
        return session.choose(arguments, loaded).only, int(number.group(1))
    try:
        parts = urlsplit(written)
        match = _PATH.fullmatch(parts.path) if parts.scheme in {"http", "https"} and parts.hostname else None
        host = parts.netloc.rpartition("@")[2].lower()
    except ValueError:
        match, host = None, ""
    if match is None:
        raise UsageError(f'"{written[:200]}" is not a pull request: give its number, or its URL (.../pull/NUMBER).')
    address = RunAddress(0, host, f"{match['owner']}/{match['name']}")
    return repository_of_run(address, arguments, loaded), int(match["number"])
