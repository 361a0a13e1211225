"""Where the API is asked and how the token is shown: at the site, or at Atlassian's gateway; Cloud or Data Center.

A token does not tell which address it wants: one with scopes is refused (401) at the site and accepted at the gateway.
What was found out is kept as long as the program runs.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

GATEWAY = "https://api.atlassian.com"
_CLOUD = ".atlassian.net"


@dataclass(frozen=True, slots=True)
class Route:
    """One way to ask."""

    base_url: str
    bearer: bool
    """Whether the token goes by itself as Bearer, not as Basic with the e-mail."""
    data_center: bool = False

    def path(self, path: str) -> str:
        """Returns the path as this server knows it: Data Center has only version 2."""
        return path.replace("/rest/api/3/", "/rest/api/2/", 1) if self.data_center else path


def gateway_routes(gateway: str, cloud_id: str, *, with_email: bool) -> tuple[Route, ...]:
    """Returns the ways to ask at the gateway, in the order to try them: Basic is documented, Bearer is reported."""
    base = f"{gateway.rstrip('/')}/ex/jira/{cloud_id}"
    bearer = Route(base, bearer=True)
    return (Route(base, bearer=False), bearer) if with_email else (bearer,)


def may_use_gateway(site_url: str, gateway: str) -> bool:
    """Returns whether the token for this site may be shown to the gateway.

    Only Atlassian's own sites are behind Atlassian's gateway; another gateway is one that a test set up on this
    machine for a site on this machine.
    """
    site, other = urlsplit(site_url), urlsplit(gateway)
    if gateway == GATEWAY:
        return site.scheme == "https" and (site.hostname or "").endswith(_CLOUD)
    return site.hostname == other.hostname and site.hostname in {"127.0.0.1", "localhost", "::1"}
