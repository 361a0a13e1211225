"""Which repository a run or pull request on the command line belongs to."""

from cidash.cli import session
from cidash.cli.exits import UsageError
from cidash.cli.parser import Arguments
from cidash.cli.run_address import RunAddress
from cidash.config.load import Loaded
from cidash.domain.repository import RepositoryId


def repository_of_run(address: RunAddress, arguments: Arguments, loaded: Loaded) -> RepositoryId:
    """Returns the repository that the address names, else the one that is meant.

    Raises:
        UsageError: it is not clear which, or the address and `-R` disagree.
    """
    if address.host is None:
        return session.choose(arguments, loaded).only
    try:
        known = session.choose(arguments, loaded).shown
    except UsageError:
        known = ()
    named = address.repository(loaded.config, known)
    assert named is not None
    if arguments.repo and named not in known:
        raise UsageError(f"The address is in {named}, but -R says {arguments.repo}.")
    return named
