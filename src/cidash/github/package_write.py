"""One write through PyGithub. This module imports that package: import it in the worker thread only."""

import ssl
from collections.abc import ItemsView
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from github.Auth import Token
from github.MainClass import Github
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass

from cidash.domain.secret import Secret
from cidash.transport.connection import USER_AGENT, Answer

_BODY_LIMIT = 1024 * 1024
_NOT_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
)


class NotSentError(Exception):
    """The request did not reach the host."""


class AnswerLostError(Exception):
    """The request left, and no whole answer came back."""


class _SecondRequestError(Exception):
    """PyGithub follows a 301 with the same POST; a write of ours is sent once."""


class _Given:
    """A complete answer, in the shape that PyGithub's requester reads."""

    def __init__(self, response: requests.Response) -> None:
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.body = _bounded_body(response)

    def getheaders(self) -> ItemsView[str, str]:
        return self.headers.items()

    def read(self) -> str:
        return self.body.decode(errors="replace")


class _OneRequest:
    """A connection of PyGithub's that lets one request through and keeps its answer."""

    def __init__(self, connection: HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass) -> None:
        self._connection = connection
        self.sent = False
        self.answer: _Given | None = None

    def request(self, *arguments: Any) -> None:
        if self.sent:
            raise _SecondRequestError
        self._connection.request(*arguments)

    def getresponse(self) -> _Given:
        self.sent = True
        self.answer = _Given(self._connection.getresponse().response)
        return self.answer


class PackageWriter:
    """Holds the one `Github` of its thread: nothing is retried, and nothing waits for a rate limit."""

    def __init__(self, api_url: str, token: Secret, api_version: str, *, timeout_seconds: int = 10) -> None:
        self._base = urlsplit(api_url)
        self._timeout = timeout_seconds
        self._github = Github(
            auth=Token(token.reveal()),
            base_url=api_url,
            timeout=timeout_seconds,
            user_agent=USER_AGENT,
            retry=None,
            lazy=True,
            seconds_between_requests=None,
            seconds_between_writes=0.5,
            api_version=api_version,
        )

    def send(self, method: str, path: str, accept: str, json: Any = None) -> Answer:
        """Sends one write, once, and returns its answer, whatever its status.

        Raises:
            NotSentError: it did not leave.
            AnswerLostError: it left and was not answered in full.
        """
        connection = self._connect()
        once = _OneRequest(connection)
        try:
            self._github.requester.requestJson(
                method, path, headers={"Accept": accept}, input=json, cnx=cast("Any", once)
            )
        except requests.RequestException as error:
            raise (NotSentError if _never_left(error) else AnswerLostError)(type(error).__name__) from None
        except Exception as error:  # noqa: BLE001 - what PyGithub makes of an answer does not matter: it is at hand
            if once.answer is None:
                raise (AnswerLostError if once.sent else NotSentError)(type(error).__name__) from None
        finally:
            connection.close()
        assert once.answer is not None
        return Answer(once.answer.status, once.answer.headers, once.answer.body, path)

    def _connect(self) -> HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass:
        """Makes a connection of its own: one that was kept alive may be dead, and a write can't be tried again."""
        secure = self._base.scheme == "https"
        kind = HTTPSRequestsConnectionClass if secure else HTTPRequestsConnectionClass
        connection = kind(str(self._base.hostname), self._base.port, timeout=self._timeout, retry=None)
        connection.session.stream = True  # bodies are read by us, within bounds
        connection.session.trust_env = secure  # a proxy has no business between us and this machine
        return connection


def _bounded_body(response: requests.Response) -> bytes:
    """Returns the body, and no more of it than a write's answer can need."""
    body = bytearray()
    with response:
        for chunk in response.iter_content(65_536):
            body += chunk
            if len(body) > _BODY_LIMIT:
                break
    return bytes(body[:_BODY_LIMIT])


def _never_left(error: requests.RequestException) -> bool:
    if isinstance(error, requests.exceptions.ConnectTimeout | ValueError):  # the latter: its URL or a header is none
        return True
    cause = error.args[0] if error.args else None
    if isinstance(cause, urllib3.exceptions.MaxRetryError):
        cause = cause.reason
    if isinstance(cause, urllib3.exceptions.SSLError):  # other faults of the encryption also come while reading
        return bool(cause.args) and isinstance(cause.args[0], ssl.SSLCertVerificationError)
    return isinstance(cause, _NOT_SENT)
