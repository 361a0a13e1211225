"""Answers that are not what was asked for, each as a problem: what, where, and what to do about it."""

import re

from cidash.domain.problem import Problem, ProblemKind
from cidash.domain.text import clean
from cidash.github.wire import message_of
from cidash.transport.connection import Answer

_SSO = re.compile(r"url=(https://[^\s;,]+)")
_RIGHT = re.compile(
    r"admin rights|not accessible|permission|must have|forbid|not authorized|write access", re.IGNORECASE
)
_TOO_EARLY = re.compile(r"already running|still running|in progress|not (?:yet )?completed|queued", re.IGNORECASE)


def read_problem(host: str, answer: Answer, what: str, right: str, *, authorized: bool) -> Problem:
    """Returns what became of a question.

    Args:
        host: as the reader knows it.
        answer: any answer but 200, 304 and a rate limit.
        what: the thing asked for, as in `Query.what`.
        right: the right that a fine-grained token needs for it.
        authorized: whether a token was sent.
    """
    status, message = answer.status, _message(answer)
    if status == 401:
        kind, sentence = ProblemKind.UNAUTHORIZED, _unauthorized(host, f"for {what}", message, authorized=authorized)
    elif status in (403, 451):
        kind, sentence = ProblemKind.FORBIDDEN, _forbidden(host, answer, f"show {what}", right)
    elif status == 404:
        unseen = f"the token may not see it ({right})" if authorized else "only a token can see it"
        kind, sentence = ProblemKind.NOT_FOUND, f"{host} did not find {what} (404): it is not there, or {unseen}."
    elif status == 410:
        kind, sentence = ProblemKind.NOT_FOUND, f"{host} does not keep {what} any more (410)."
    elif 300 <= status < 400:
        kind = ProblemKind.BAD_ANSWER
        sentence = f"{host} says that {what} has moved to where it can't be followed ({status}): check the name."
    elif status >= 500:
        kind = ProblemKind.SERVER_ERROR
        sentence = f"{host} failed to answer for {what} ({status}{_told(message)}). It is asked again."
    else:
        kind, sentence = ProblemKind.BAD_ANSWER, f"{host} can't answer for {what} ({status}{_told(message)})."
    return Problem(kind, sentence, status=status)


def write_problem(host: str, answer: Answer, what: str, right: str) -> Problem:
    """Returns what became of a write.

    Args:
        host: as the reader knows it.
        answer: any answer but 2xx and a rate limit.
        what: the thing to be done, to stand after "to": `cancel run 7 of octo/hello`.
        right: the right that a fine-grained token needs for it.
    """
    status, message = answer.status, _message(answer)
    if status >= 500:
        return lost_problem(host, what, status)
    if status == 401:
        kind, sentence = ProblemKind.UNAUTHORIZED, _unauthorized(host, f"to {what}", message, authorized=True)
    elif status == 403:
        kind, sentence = _refused_with_403(host, answer, what, right, message)
    elif status == 404:
        kind = ProblemKind.NOT_FOUND
        sentence = f"{host} could not {what} (404): it is not there, or the token may not do it ({right})."
    elif status == 409:
        kind, sentence = ProblemKind.CONFLICT, f"{host} could not {what} now (409{_told(message)})."
    elif 300 <= status < 400:
        kind = ProblemKind.REFUSED
        sentence = f"{host} did not {what} ({status}): the repository has moved. Use its new name."
    else:
        kind, sentence = ProblemKind.REFUSED, f"{host} refused to {what} ({status}{_told(message)})."
    return Problem(kind, sentence, status=status)


def lost_problem(host: str, what: str, status: int | None = None) -> Problem:
    """Returns the problem of a write that left and was not answered properly."""
    how = "its answer was lost" if status is None else f"it answered {status}"
    sentence = (
        f"{host} was asked to {what}, but {how}: it may or may not have been done, and is not sent again by itself."
    )
    return Problem(ProblemKind.OUTCOME_UNKNOWN, sentence, status=status)


def no_token_problem(host: str, what: str) -> Problem:
    """Returns the problem of a write without a token."""
    return Problem(ProblemKind.UNAUTHORIZED, f"{host} needs a token to {what}. {_token_help(host)}")


def bad_token_problem(host: str) -> Problem:
    """Returns the problem of a token that can't stand in a header."""
    sentence = f"The token for {host} has characters in it that no token has. {_token_help(host)}"
    return Problem(ProblemKind.UNAUTHORIZED, sentence)


def _refused_with_403(host: str, answer: Answer, what: str, right: str, message: str) -> tuple[ProblemKind, str]:
    """GitHub says 403 for a missing right, but also for a run that goes on, is too old, or is archived."""
    if _TOO_EARLY.search(message):
        return ProblemKind.CONFLICT, f"{host} could not {what} yet (403{_told(message)})."
    if not message or _RIGHT.search(message) or "x-github-sso" in answer.headers:
        return ProblemKind.FORBIDDEN, _forbidden(host, answer, what, right)
    return ProblemKind.REFUSED, f"{host} refused to {what} (403{_told(message)})."


def _unauthorized(host: str, asked: str, message: str, *, authorized: bool) -> str:
    if not authorized:
        return f"{host} wants a token when asked {asked} (401). {_token_help(host)}"
    told = _told(message)
    return f"{host} did not accept the token when asked {asked} (401{told}): wrong or expired. {_token_help(host)}"


def _forbidden(host: str, answer: Answer, what: str, right: str) -> str:
    sso = _SSO.search(answer.headers.get("x-github-sso", ""))
    if sso:
        return f"{host} refused to {what} (403): authorise the token for single sign-on at {clean(sso.group(1))}"
    accepted = clean(answer.headers.get("x-accepted-github-permissions"), 100).replace("=", ": ").replace("_", " ")
    needed = accepted or right
    scopes = clean(answer.headers.get("x-accepted-oauth-scopes"), 100)
    classic = f"; a classic one the scope {scopes}" if scopes else ""
    message = _message(answer)
    if not message:
        return f"{host} refused to {what} ({answer.status}): the token lacks the right {needed}, or a proxy forbids it."
    told = _told(message)
    return f"{host} refused to {what} ({answer.status}{told}): a fine-grained token needs the right {needed}{classic}."


def _token_help(host: str) -> str:
    if host == "github.com":
        return "Set GH_TOKEN or GITHUB_TOKEN, or log in with `gh auth login`."
    return f'Set a token for it under [hosts."{host}"] in the config, or log in with `gh auth login --hostname {host}`.'


def _message(answer: Answer) -> str:
    return clean(message_of(answer.body), 200)


def _told(message: str) -> str:
    return f": {message.rstrip('.')}" if message else ""
