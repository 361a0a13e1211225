"""What names a run or a job on the command line: an id, or the address that a browser shows."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from cidash.cli.exits import UsageError
from cidash.config.model import Config
from cidash.config.origin import is_loopback
from cidash.domain.repository import RepositoryId

_PATH = re.compile(
    r"/(?P<owner>[A-Za-z0-9_.-]+)/(?P<name>[A-Za-z0-9_.-]+)/actions/runs/(?P<run>[0-9]{1,19})"
    r"(?:/attempts/(?P<attempt>[0-9]{1,6}))?(?:/jobs?/(?P<job>[0-9]{1,19}))?/?"
)


@dataclass(frozen=True)
class RunAddress:
    """A run, and the repository and job if the address told them."""

    run_id: int
    host: str | None = None
    full_name: str | None = None
    job_id: int | None = None

    def repository(self, config: Config, known: tuple[RepositoryId, ...]) -> RepositoryId | None:
        """Returns the repository that the address names, or None for a bare id.

        A loopback address stands for the host whose API is on loopback too (a demo).

        Raises:
            UsageError: its host is neither github.com nor configured.
        """
        if self.host is None or self.full_name is None:
            return None
        owner, _, name = self.full_name.partition("/")
        host = self.host
        if is_loopback(f"http://{host}"):
            host = next((one for one, settings in config.hosts.items() if is_loopback(settings.api_url)), host)
        for one in known:
            if one.host == host and one.full_name.lower() == self.full_name.lower():
                return one
        if host not in config.known_hosts:
            raise UsageError(f'The address is on {host}, which is not known. If it is a GitHub, add [hosts."{host}"].')
        return RepositoryId(host, owner, name)


def run_address(written: str) -> RunAddress:
    """Returns what an id or a run's URL names.

    Raises:
        UsageError: it is neither.
    """
    if written.isascii() and written.isdigit() and 0 < len(written) <= 19:
        return RunAddress(int(written))
    try:
        parts = urlsplit(written)
        match = _PATH.fullmatch(parts.path) if parts.scheme in {"http", "https"} and parts.hostname else None
        netloc = parts.netloc.rpartition("@")[2].lower()
    except ValueError:
        match, netloc = None, ""
    if match is None:
        raise UsageError(f'"{written[:200]}" is not a run: give its id, or its URL (.../actions/runs/ID).')
    job = match["job"]
    return RunAddress(int(match["run"]), netloc, f"{match['owner']}/{match['name']}", int(job) if job else None)
