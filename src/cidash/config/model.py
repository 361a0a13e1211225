"""What a config may say, as frozen models. Values are checked here; files are found and merged in `load`.

Error sentences never repeat a value: a token in the wrong place must not end up on the screen.
"""

import re
from collections import Counter
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from cidash.config.duration import seconds_of
from cidash.config.origin import checked_host, checked_url, is_loopback
from cidash.domain.cache import CacheState
from cidash.domain.format import seconds_text
from cidash.domain.repository import GITHUB_COM, RepositoryId
from cidash.domain.target import Target

GITHUB_API = "https://api.github.com"

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,30}-[1-9][0-9]{0,15}")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]
Word = Annotated[str, Field(min_length=1, max_length=500)]

LITERAL = (
    "is in plain text, which is accepted only beside a loopback address: "
    'use { env = "NAME" }, { command = ["program", "argument"] } or { keyring = "service" }'
)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TokenSource(_Section):
    """Where a token (or the e-mail address) is to be had; exactly one of the four is set."""

    env: Word | None = None
    """Name of an environment variable."""
    command: Annotated[tuple[Word, ...], Field(min_length=1)] | None = None
    """A program and its arguments, run without a shell; the token is its standard output."""
    keyring: Word | None = None
    """Service name in the system's keyring; the user name there is `token`."""
    value: SecretStr | None = None
    """The token itself: only beside a loopback URL."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if len([way for way in (self.env, self.command, self.keyring, self.value) if way is not None]) != 1:
            raise ValueError("must say one of env, command, keyring and value")
        return self


class RepositoryConfig(_Section):
    """A repository to watch."""

    name: str
    """`owner/name`."""
    host: str = GITHUB_COM
    workflows: tuple[Word, ...] = ()
    """Names or paths of the workflows to show; empty means all."""

    @field_validator("name")
    @classmethod
    def _is_name(cls, name: str) -> str:
        if not is_full_name(name):
            raise ValueError('is not a repository: write it like "owner/name"')
        return name

    @field_validator("host")
    @classmethod
    def _is_host(cls, host: str) -> str:
        return checked_host(host)

    @property
    def id(self) -> RepositoryId:
        """The repository's address."""
        owner, _, name = self.name.partition("/")
        return RepositoryId(self.host, owner, name)


class HostConfig(_Section):
    """A GitHub host. `api_url` may be left out in the file: it follows from the host's name."""

    api_url: str
    token: TokenSource | None = None

    @field_validator("api_url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        return checked_url(url)

    @field_validator("token")
    @classmethod
    def _value_stays_here(cls, token: TokenSource | None, info: ValidationInfo) -> TokenSource | None:
        return _checked_source(token, [info.data.get("api_url")])


def _email_form(value: Any) -> str:
    return "source" if isinstance(value, dict | TokenSource) else "text"


Source = TypeVar("Source", bound="str | TokenSource | None")
Email = Annotated[Annotated[Word, Tag("text")] | Annotated[TokenSource, Tag("source")], Discriminator(_email_form)]


class JiraConfig(_Section):
    """The Jira site. What is missing here is filled from the environment by `token.jira_credentials`."""

    url: str = ""
    """The site; empty means that JIRA_URL or JIRA_BASE_URL says it."""
    api_url: str | None = None
    """Where the API is asked when that is not the site: the gateway for tokens with scopes."""
    email: Email | None = None
    """Without one the token is sent as Bearer (Data Center)."""
    token: TokenSource | None = None
    epic: str | None = None
    guide: str | None = None
    """File of a guide; its tickets that Jira does not have are offered as drafts."""

    @field_validator("url", "api_url")
    @classmethod
    def _is_url(cls, url: str | None) -> str | None:
        return checked_url(url) if url else url

    @field_validator("epic")
    @classmethod
    def _is_key(cls, epic: str | None) -> str | None:
        return None if epic is None else checked_key(epic)

    @field_validator("email", "token")
    @classmethod
    def _value_stays_here(cls, source: str | TokenSource | None, info: ValidationInfo) -> str | TokenSource | None:
        return _checked_source(source, [info.data.get("url"), info.data.get("api_url") or info.data.get("url")])


class PollingConfig(_Section):
    """How often the servers are asked."""

    budget: Annotated[Number, Field(gt=0, le=1)] = 0.25
    """Share of the hourly limit that cidash may spend."""
    active_seconds: Annotated[Number, Field(ge=0.1)] = 3.0
    """While a run is active."""
    recent_seconds: Annotated[Number, Field(ge=0.1)] = 10.0
    """For a while after the last run ended."""
    idle_seconds: Annotated[Number, Field(ge=0.1)] = 30.0
    """While nothing happens."""
    jira_seconds: Annotated[Number, Field(ge=0.1)] = 20.0
    """Between two looks at the epic."""


class TargetConfig(_Section):
    """A target. In the unit `seconds` baseline and limit are durations ("3m30s", or a number of seconds)."""

    id: str
    title: Word
    measure: Literal["run-duration", "cache-saving", "control"] = "run-duration"
    workflow: Word | None = None
    job: Word | None = None
    step: Word | None = None
    cache: CacheState | None = None
    """Only attempts whose cache was in this state count."""
    cache_name: Word | None = None
    unit: Literal["seconds", "percent", "count"] = "seconds"
    baseline: str | Number | None = None
    limit: str | Number | None = None
    baseline_text: Word | None = None
    """Shown in place of the number."""
    limit_text: Word | None = None
    ticket: str | None = None
    percentile: Annotated[int, Field(strict=True, ge=50, le=99)] | None = None
    """Instead of the median: at least that share (in percent) of the runs has to be within the limit."""
    window: Annotated[int, Field(strict=True, ge=6, le=100)] = 20
    """How many of the newest comparable runs count, at most 30 days old."""

    @field_validator("id")
    @classmethod
    def _is_id(cls, name: str) -> str:
        if not _ID.fullmatch(name):
            raise ValueError('is not an id: write it in lower case like "ci-time-hit"')
        return name

    @field_validator("ticket")
    @classmethod
    def _is_key(cls, ticket: str | None) -> str | None:
        return None if ticket is None else checked_key(ticket)

    @field_validator("baseline", "limit", mode="before")
    @classmethod
    def _is_amount(cls, written: Any, info: ValidationInfo) -> float | None:
        return None if written is None else _amount(written, info.data.get("unit", "seconds"))

    @model_validator(mode="after")
    def _has_limit(self) -> Self:
        if self.measure != "control" and (self.limit is None or self.unit != "seconds"):
            raise ValueError(f'has the measure "{self.measure}", which needs a limit in seconds')
        return self

    def target(self) -> Target:
        """Returns the noun; baseline and limit in the target's unit, durations in seconds."""
        assert not isinstance(self.baseline, str)
        assert not isinstance(self.limit, str)
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        if self.measure == "cache-saving" and self.limit_text is None:
            fields["limit_text"] = f"{seconds_text(self.limit)} faster"
        return Target(**fields)


class CachesConfig(_Section):
    """What caches are called, and how much the repository may store."""

    names: dict[str, Word] = Field(default_factory=dict)
    """Name by pattern (`*`, `?`) of the usual name ("tool: step title"), the step title or the key."""
    quota_gb: Annotated[Number, Field(gt=0, le=1_000_000)] | None = None
    """GiB that all entries may take; without it GitHub is asked, and 10 stands where it does not tell."""


class HistoryConfig(_Section):
    """The local store."""

    path: Word | None = None
    """The database file; without one it lies in the platform's data folder."""


class ScreenConfig(_Section):
    """How the dashboard looks and listens."""

    theme: Word | None = None
    mouse: Flag = True
    glyphs: Literal["unicode", "ascii"] = "unicode"


class Config(_Section):
    """Everything that may be configured."""

    read_only: Flag = False
    """Refuse every write."""
    repositories: tuple[RepositoryConfig, ...] = ()
    hosts: dict[str, HostConfig] = Field(default_factory=dict)
    jira: JiraConfig | None = None
    polling: PollingConfig = PollingConfig()
    targets: tuple[TargetConfig, ...] = ()
    caches: CachesConfig = CachesConfig()
    history: HistoryConfig = HistoryConfig()
    screen: ScreenConfig = ScreenConfig()
    keys: dict[str, Word] = Field(default_factory=dict)
    """Action name to key, where the user wants another key than the built-in one."""

    @field_validator("hosts", mode="before")
    @classmethod
    def _default_urls(cls, hosts: Any) -> Any:
        if not isinstance(hosts, dict):
            return hosts
        known = {name: checked_host(name) for name in hosts}
        return {
            known[name]: {"api_url": default_api_url(known[name]), **host} if isinstance(host, dict) else host
            for name, host in hosts.items()
        }

    @field_validator("targets")
    @classmethod
    def _ids_differ(cls, targets: tuple[TargetConfig, ...]) -> tuple[TargetConfig, ...]:
        return different_ids(targets)

    def host(self, name: str) -> HostConfig:
        """Returns what is said of a GitHub host, or its usual API address without a token."""
        return self.hosts.get(name) or HostConfig(api_url=default_api_url(name))

    @property
    def known_hosts(self) -> frozenset[str]:
        """github.com and every host that this config names."""
        return frozenset({GITHUB_COM, *self.hosts, *(repository.host for repository in self.repositories)})


class FolderConfig(_Section):
    """What a `.cidash.toml` may say: it comes with a repository and may only choose what to show."""

    class Jira(_Section):
        """The epic and nothing else."""

        epic: str | None = None

        @field_validator("epic")
        @classmethod
        def _is_key(cls, epic: str | None) -> str | None:
            return None if epic is None else checked_key(epic)

    repositories: tuple[RepositoryConfig, ...] | None = None
    targets: tuple[TargetConfig, ...] | None = None
    jira: Jira | None = None

    @field_validator("targets")
    @classmethod
    def _ids_differ(cls, targets: tuple[TargetConfig, ...] | None) -> tuple[TargetConfig, ...] | None:
        return None if targets is None else different_ids(targets)


def different_ids(targets: tuple[TargetConfig, ...]) -> tuple[TargetConfig, ...]:
    """Returns the targets.

    Raises:
        ValueError: an id is there twice.
    """
    twice = [name for name, count in Counter(target.id for target in targets).items() if count > 1]
    if twice:
        raise ValueError(f'has two targets with the id "{twice[0]}"')
    return targets


def default_api_url(host: str) -> str:
    """Returns where a GitHub host usually has its API."""
    if host == GITHUB_COM:
        return GITHUB_API
    return f"https://api.{host}" if host.endswith(".ghe.com") else f"https://{host}/api/v3"


def is_full_name(name: str) -> bool:
    """Returns whether the text can be `owner/name` on GitHub."""
    return bool(_NAME.fullmatch(name)) and not {".", ".."} & set(name.split("/"))


def checked_key(key: str) -> str:
    """Returns the ticket key in capitals.

    Raises:
        ValueError: it does not look like KAN-40.
    """
    if not _KEY.fullmatch(key.upper()):
        raise ValueError('is not a ticket key: write it like "KAN-40"')
    return key.upper()


def _checked_source(source: Source, urls: list[str | None]) -> Source:
    """Returns the source, if it is none that holds a token in plain text for another machine."""
    if isinstance(source, TokenSource) and source.value is not None and not all(is_loopback(url or "") for url in urls):
        raise ValueError(LITERAL)
    return source


def _amount(written: object, unit: str) -> float:
    """Returns a baseline or limit in its unit: seconds, a share from 0 to 1, or a count."""
    if unit == "seconds":
        return seconds_of(written)
    if unit == "percent" and isinstance(written, str):
        match = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%", written.strip())
        if match is None or float(match[1]) > 100:
            raise ValueError('is not a share: write it like "80%" or 0.8')
        return float(match[1]) / 100
    highest = 1 if unit == "percent" else 1e12
    if isinstance(written, int | float) and not isinstance(written, bool) and 0 <= written <= highest:
        return float(written)
    raise ValueError('is not a share: write it like "80%" or 0.8' if unit == "percent" else "is not a count")
