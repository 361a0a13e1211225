"""Tokens by reference: where each one is to be had, and to which host it may go.

A token from the environment or from `gh` goes to the host that it was made for and to no other. Error sentences name
the place where a token was looked for and never repeat any of it.
"""

import importlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cidash.config.error import ConfigError
from cidash.config.model import Config, JiraConfig, TokenSource
from cidash.config.origin import checked_url, is_loopback
from cidash.config.program import output_of
from cidash.domain.repository import GITHUB_COM
from cidash.domain.secret import Secret

COMMAND_SECONDS = 10.0
GH_SECONDS = 5.0

_PRINTABLE = re.compile(r"[!-~]{1,4096}")
_TOKENS_OF_GH = {"GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GH_HOST"}


@dataclass(frozen=True)
class JiraCredentials:
    """How to speak to Jira. `url` is the site; without `email` the token goes as Bearer."""

    url: str
    email: str | None
    token: Secret
    api_url: str | None = None


def resolve(source: TokenSource, *, environ: Mapping[str, str]) -> Secret:
    """Returns the token that the source leads to. May run a program or ask the keyring.

    Raises:
        ConfigError: there is nothing there, or it can't be a token.
    """
    if source.value is not None:
        return _checked(source.value.get_secret_value(), "the config (value)")
    if source.env is not None:
        if not environ.get(source.env, "").strip():
            raise ConfigError(f"The environment variable {source.env}, which the config names, is not set.")
        return _checked(environ[source.env], f"the environment variable {source.env}")
    if source.command is not None:
        name = Path(source.command[0]).name
        return _checked(output_of(source.command, environ, COMMAND_SECONDS), f"the program {name}")
    assert source.keyring is not None
    return _checked(_from_keyring(source.keyring), f"the keyring (service {source.keyring})")


def github_token(host: str, config: Config, environ: Mapping[str, str]) -> Secret | None:
    """Returns the token for a GitHub host, or None when there is none.

    The config's own comes first; then for github.com GH_TOKEN, GITHUB_TOKEN and `gh auth token`; for another host
    GH_ENTERPRISE_TOKEN where GH_HOST names it, and `gh auth token`. All but the first only if the host's `api_url`
    lies on the host itself: neither the demo nor a proxy is sent a real token.

    Raises:
        ConfigError: the config's source leads nowhere, or what was found can't be a token.
    """
    configured = config.host(host)
    if configured.token is not None:
        return resolve(configured.token, environ=environ)
    name = host.partition(":")[0]
    asked = urlsplit(configured.api_url).hostname or ""
    if asked != name and not asked.endswith("." + name):
        return None
    if host == GITHUB_COM:
        variables: tuple[str, ...] = ("GH_TOKEN", "GITHUB_TOKEN")
    else:
        variables = ("GH_ENTERPRISE_TOKEN",) if environ.get("GH_HOST", "").strip().lower() == host else ()
    for variable in variables:
        if environ.get(variable, "").strip():
            return _checked(environ[variable], f"the environment variable {variable}")
    return _from_gh(host, environ)


def token_origin(host: str, config: Config, environ: Mapping[str, str]) -> str:
    """Returns where `github_token` finds the token for a host, in words and without any of it."""
    source = config.host(host).token
    if source is not None:
        if source.env is not None:
            return f"the environment variable {source.env}, as the config says"
        if source.command is not None:
            return f"the program {Path(source.command[0]).name}, as the config says"
        return "the keyring, as the config says" if source.keyring is not None else "the config (loopback only)"
    variables = ("GH_TOKEN", "GITHUB_TOKEN") if host == GITHUB_COM else ("GH_ENTERPRISE_TOKEN",)
    found = next((name for name in variables if environ.get(name, "").strip()), None)
    return "gh auth token" if found is None else f"the environment variable {found}"


def jira_credentials(config: Config, environ: Mapping[str, str]) -> JiraCredentials | None:
    """Returns how to speak to Jira, from the config and, where that is silent, from the environment.

    JIRA_URL (or JIRA_BASE_URL), JIRA_EMAIL and JIRA_API_TOKEN fill what the config lacks; the latter two only for the
    site that JIRA_URL names (or, without it, any that is not loopback). None when no site is named, or when only the
    environment names one and holds no token.

    Raises:
        ConfigError: a site is configured but its token or e-mail address can't be had.
    """
    jira = config.jira or JiraConfig()
    environ_url = _environ_url(environ)
    url = jira.url or environ_url
    if not url:
        return None
    may_fill = _same_site(url, environ_url) if environ_url else not is_loopback(url)
    may_fill = may_fill and not is_loopback(jira.api_url or "")
    token = _jira_token(jira, environ, may_fill=may_fill)
    if token is None:
        if not jira.url:
            return None
        hint = "set JIRA_API_TOKEN or jira.token"
        if not may_fill and environ.get("JIRA_API_TOKEN"):
            hint = "JIRA_API_TOKEN is not sent there, because it belongs to another site; set jira.token"
        raise ConfigError(f"There is no token for the Jira site {urlsplit(url).netloc}: {hint}.")
    email = _jira_email(jira, environ, may_fill=may_fill)
    if email is None and jira.api_url is None and (urlsplit(url).hostname or "").endswith(".atlassian.net"):
        raise ConfigError("Jira Cloud needs the e-mail address beside the token: set JIRA_EMAIL or jira.email.")
    return JiraCredentials(url, email, token, jira.api_url)


def _jira_token(jira: JiraConfig, environ: Mapping[str, str], *, may_fill: bool) -> Secret | None:
    if jira.token is not None:
        return resolve(jira.token, environ=environ)
    written = environ.get("JIRA_API_TOKEN", "") if may_fill else ""
    return _checked(written, "the environment variable JIRA_API_TOKEN") if written.strip() else None


def _jira_email(jira: JiraConfig, environ: Mapping[str, str], *, may_fill: bool) -> str | None:
    if isinstance(jira.email, str):
        return _checked(jira.email, "jira.email").reveal()
    if jira.email is not None:
        return resolve(jira.email, environ=environ).reveal()
    written = environ.get("JIRA_EMAIL", "") if may_fill else ""
    return _checked(written, "the environment variable JIRA_EMAIL").reveal() if written.strip() else None


def _environ_url(environ: Mapping[str, str]) -> str:
    for variable in ("JIRA_URL", "JIRA_BASE_URL"):
        if written := environ.get(variable, "").strip():
            try:
                return checked_url(written)
            except ValueError as error:
                raise ConfigError(f"The environment variable {variable} {error}.") from None
    return ""


def _same_site(one: str, other: str) -> bool:
    return urlsplit(one)[:2] == urlsplit(other)[:2]


def _from_gh(host: str, environ: Mapping[str, str]) -> Secret | None:
    """Returns what `gh` has stored for the host; tokens of its environment, made for other hosts, are kept from it."""
    program = shutil.which("gh", path=environ.get("PATH", ""))
    if program is None or not Path(program).is_absolute():
        return None
    others = {name: value for name, value in environ.items() if name not in _TOKENS_OF_GH}
    try:
        printed = output_of([program, "auth", "token", "--hostname", host], others, GH_SECONDS)
    except ConfigError:
        return None  # not logged in, or broken: the same as no gh at all
    return _checked(printed, "gh") if printed else None


def _from_keyring(service: str) -> str:
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        raise ConfigError(
            "The config names a keyring, but the package keyring is not installed beside cidash."
        ) from None
    try:
        token = keyring.get_password(service, "token")
    except Exception as error:  # noqa: BLE001 - a keyring's back end may raise anything
        raise ConfigError(f"The keyring did not answer for the service {service} ({type(error).__name__}).") from None
    if not token:
        raise ConfigError(
            f"The keyring has nothing for the service {service}: store it with `keyring set {service} token`."
        )
    return str(token)


def _checked(written: str, where: str) -> Secret:
    token = written.strip()
    if not _PRINTABLE.fullmatch(token):
        raise ConfigError(
            f"What {where} holds can't be sent: it is empty, too long or has spaces or other characters in it."
        )
    return Secret(token)
