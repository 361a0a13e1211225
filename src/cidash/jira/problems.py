"""Jira's bad answers as problems. Decided by status, header and field id; Jira's own text is only quoted, cleaned.

The text is in the user's language, and some errors are HTML pages, so nothing is ever decided by it. The one
exception is a login page that comes with 200: there the markup is all there is.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import from_json

from cidash.domain.problem import Problem, ProblemKind
from cidash.domain.text import clean
from cidash.transport.connection import Answer

_LOGIN_MARKS = (b"os_username", b"id.atlassian.com", b"login.jsp", b'type="password"', b"login-form")


def with_sentence(problem: Problem, sentence: str) -> Problem:
    """Returns the problem with one more sentence."""
    return replace(problem, sentence=f"{problem.sentence} {sentence}")


def read_problem(answer: Answer, asked: str, site: str) -> Problem:
    """Returns what is wrong with a GET's answer that is not 200 (429 and limits excepted).

    Args:
        answer: The complete answer.
        asked: What was asked for, as a noun: `KAN-40`, `the transitions of KAN-76`.
        site: Host name of the Jira site.
    """
    status = answer.status
    jira = f"Jira ({site})"
    denied = _denied(answer, jira)
    if denied is not None:
        return denied
    if status >= 500:
        return Problem(ProblemKind.SERVER_ERROR, f"{jira} failed (HTTP {status}). It is asked again.", status=status)
    if 300 <= status < 400:
        return _redirected(answer, jira)
    kind, sentence = _UNANSWERED.get(status, (ProblemKind.REFUSED, "{jira} refused the question for {asked}{quoted}."))
    quoted = f" (HTTP {status}){_quoted(answer.body)}"
    return Problem(kind, sentence.format(jira=jira, asked=asked, quoted=quoted), status=status)


_UNANSWERED = {
    403: (
        ProblemKind.FORBIDDEN,
        "{jira} does not let this token see {asked}{quoted}. It needs the right to browse the project.",
    ),
    404: (
        ProblemKind.NOT_FOUND,
        "{jira} can't find {asked}: no such key, or this token (wrong, expired?) may not see it. Check key and token.",
    ),
    410: (ProblemKind.NOT_FOUND, "{jira} has removed what {asked} is read from{quoted}."),
}


def search_missing(site: str) -> Problem:
    """Returns the problem of a Jira that has no `search/jql`: a wrong address, or Data Center."""
    return Problem(
        ProblemKind.NOT_FOUND,
        f"Jira ({site}) has no /rest/api/3/search/jql (404). Check [jira] url; Jira Data Center's search is not read.",
        status=404,
    )


def unreadable(answer: Answer, error: ValidationError, asked: str, site: str) -> Problem:
    """Returns what is wrong with a 200 whose body is not what was asked for, naming the path of the field."""
    if _is_html(answer.body):
        page = answer.body[:200_000].lower()
        if any(mark in page for mark in _LOGIN_MARKS):
            return Problem(
                ProblemKind.UNAUTHORIZED,
                f"Jira ({site}) answered with a login page. Check [jira] url, e-mail and token.",
                status=answer.status,
            )
        what = "a web page instead of JSON; a proxy or a wrong [jira] url does that"
    else:
        what = _first_error(error)
    return Problem(
        ProblemKind.BAD_ANSWER, f"Jira ({site}) gave an answer for {asked} that can't be read: {what}.", status=200
    )


def _first_error(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return "it is no JSON, or cut off"
    path = ""
    for part in first["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return clean(f"{path}: {first['msg'][:1].lower()}{first['msg'][1:]}", 200) if path else "it has the wrong shape"


def write_problem(answer: Answer, doing: str, key: str, site: str) -> Problem | None:
    """Returns what is wrong with the answer to a write, or None when it was taken (429 and limits excepted).

    Success is 204 without a body, sent as `text/html`: the content type says nothing. After a 5xx nobody knows
    whether the write was done, a gateway may have given up on a server that did it.

    Args:
        answer: The complete answer.
        doing: What was tried, after "to": `move KAN-76 from In Review to Done`.
        key: The ticket written to.
        site: Host name of the Jira site.
    """
    status = answer.status
    jira = f"Jira ({site})"
    if 200 <= status < 300 and not _is_html(answer.body):
        return None
    if 200 <= status < 300 or status >= 500:
        return Problem(
            ProblemKind.OUTCOME_UNKNOWN,
            f"{jira} was asked to {doing}, but its answer (HTTP {status}) does not tell whether it did. "
            "It is not asked again by itself.",
            status=status,
        )
    not_done = f"It did not {doing}."
    denied = _denied(answer, jira)
    if denied is not None:
        return with_sentence(denied, not_done)
    if 300 <= status < 400:
        return with_sentence(_redirected(answer, jira), not_done)
    kind, advice = _REFUSALS.get(status, (ProblemKind.REFUSED, "Look at the ticket and try again."))
    fields = _field_errors(answer.body) if kind is ProblemKind.REFUSED else ()
    if fields:
        advice = "Correct what it names and try again."
    return Problem(
        kind,
        f"{jira} refused to {doing} (HTTP {status}){_quoted(answer.body)}. {advice.format(key=key)}",
        status=status,
        fields=fields,
    )


_REFUSALS = {
    400: (
        ProblemKind.REFUSED,
        "A field may be missing, you may lack the right, or {key} was moved meanwhile: look at it, then try again.",
    ),
    403: (ProblemKind.FORBIDDEN, "This token lacks the right to do it, or the scope write:jira-work."),
    404: (ProblemKind.NOT_FOUND, "{key} does not exist, or this token may not see it."),
    409: (
        ProblemKind.CONFLICT,
        "Another change of {key} was under way: look at it, then press again if it is still wanted.",
    ),
    413: (ProblemKind.REFUSED, "{key} has reached one of Jira's limits for a single ticket."),
    422: (ProblemKind.REFUSED, "The workflow of {key} is set up wrongly: tell the Jira administrator."),
}


def _denied(answer: Answer, jira: str) -> Problem | None:
    """Returns the problem of credentials: a captcha on Data Center comes as 401 or 403 with a header."""
    captcha = answer.status in {401, 403} and "x-authentication-denied-reason" in answer.headers
    if captcha:
        return Problem(
            ProblemKind.UNAUTHORIZED,
            f"{jira} wants a captcha solved before it takes this token ({answer.status}). "
            "Log in there with a browser, then ask again.",
            status=answer.status,
        )
    if answer.status == 401:
        return Problem(
            ProblemKind.UNAUTHORIZED,
            f"{jira} does not accept the e-mail and token (401). Tokens expire within a year; one with scopes "
            "needs api_url = https://api.atlassian.com/ex/jira/<cloud id>.",
            status=401,
        )
    return None


def _redirected(answer: Answer, jira: str) -> Problem:
    target = answer.headers.get("location", "")
    try:
        host = clean(urlsplit(target).hostname, 100) or "another page"
    except ValueError:
        host = "another page"
    login = "login" in target.lower() or host == "id.atlassian.com"
    return Problem(
        ProblemKind.UNAUTHORIZED if login else ProblemKind.BAD_ANSWER,
        f"{jira} sent us to {host} (HTTP {answer.status}), which is not followed. Check [jira] url and token.",
        status=answer.status,
    )


def _is_html(body: bytes) -> bool:
    return body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _error_body(body: bytes) -> dict[str, Any]:
    try:
        data = from_json(body[:1_000_000])
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _field_errors(body: bytes) -> tuple[tuple[str, str], ...]:
    errors = _error_body(body).get("errors")
    if not isinstance(errors, dict):
        return ()
    return tuple((clean(str(key), 100), clean(str(text), 300)) for key, text in list(errors.items())[:50])


def _quoted(body: bytes) -> str:
    """Returns Jira's own sentences in quotation marks with a space before, or nothing."""
    data = _error_body(body)
    messages = data.get("errorMessages")
    texts = list(messages) if isinstance(messages, list) else [messages]
    texts += [data.get("message"), data.get("errorMessage")]
    texts += [text for _, text in _field_errors(body)]
    said = clean(" ".join(text for text in texts if isinstance(text, str)), 300)
    return f": “{said.rstrip('.')}”" if said else ""
