"""The part of JQL that a reader of epics needs: comparisons joined by AND and OR, IN lists, EMPTY, ORDER BY."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cidash.demo.jira.refusal import RefusedError
from cidash.demo.jira.workflow import CATEGORIES, ISSUE_TYPES, PROJECT_ID, PROJECT_KEY, STATUSES
from cidash.demo.jira.world import Issue, World

Test = Callable[[Issue], bool]

_TOKEN = re.compile(r"""\s*(?:(?P<quoted>"[^"]*"|'[^']*')|(?P<sign>!=|>=|<=|[=<>(),])|(?P<word>[^\s=<>!(),"']+))""")
_RELATIVE = re.compile(r"^-(\d+)\s*([mhdw])$")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_ALIASES = {
    "issue": "key",
    "issuekey": "key",
    "id": "key",
    "type": "issuetype",
    "epic link": "epiclink",
    "cf[10014]": "epiclink",
}
_ORDERS: dict[str, Callable[[Issue], object]] = {
    "key": lambda issue: issue.number,
    "created": lambda issue: issue.created,
    "updated": lambda issue: issue.updated,
    "status": lambda issue: int(issue.status_id),
    "priority": lambda issue: issue.priority_id,
    "rank": lambda issue: issue.number,
    "summary": lambda issue: issue.summary,
}


@dataclass(frozen=True)
class JqlQuery:
    """A parsed query: what it keeps, and in which order it lists (the last order first)."""

    keeps: Test
    orders: tuple[tuple[str, bool], ...]

    def select(self, issues: list[Issue]) -> list[Issue]:
        """Return the issues that match, ordered; newest key first when the query names no order."""
        found = sorted(filter(self.keeps, issues), key=lambda issue: -issue.number)
        for name, falling in reversed(self.orders):
            found.sort(key=_ORDERS[name], reverse=falling)  # type: ignore[arg-type]
        return found


def parse(jql: str, world: World, account_id: str) -> JqlQuery:
    """Read a query.

    Args:
        jql: What the client sent.
        world: Knows which keys exist and what time it is.
        account_id: Whom `currentUser()` means.

    Raises:
        RefusedError: 400 with a sentence: unbounded, not understood, or naming a key that is not there.
    """
    return _Parser(jql, world, account_id).query()


class _Parser:
    def __init__(self, jql: str, world: World, account_id: str) -> None:
        self.world = world
        self.account_id = account_id
        self.tokens = _tokens(jql)
        self.at = 0

    def query(self) -> JqlQuery:
        if not self.tokens or self._peek() == "order":
            raise RefusedError(
                400,
                "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.",
            )
        keeps = self._either()
        orders: list[tuple[str, bool]] = []
        if self._take_if("order"):
            self._expect("by")
            orders.append(self._order())
            while self._take_if(","):
                orders.append(self._order())
        if self.at < len(self.tokens):
            raise self._error()
        return JqlQuery(keeps, tuple(orders))

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take_if("or"):
            tests.append(self._both())
        return lambda issue: any(test(issue) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take_if("and"):
            tests.append(self._one())
        return lambda issue: all(test(issue) for test in tests)

    def _one(self) -> Test:
        if self._take_if("not"):
            inner = self._one()
            return lambda issue: not inner(issue)
        if self._take_if("("):
            inner = self._either()
            self._expect(")")
            return inner
        return self._clause()

    def _clause(self) -> Test:
        name = self._take().lower()
        name = _ALIASES.get(name, name)
        sign = self._take().lower()
        if name in ("updated", "created", "statuscategorychangeddate"):
            return self._time_test(name, sign, self._take())
        values, negative = self._values(sign)
        read = self._reader(name)
        if values is None:
            return lambda issue: (read(issue) == frozenset()) is not negative
        wanted = frozenset(self._value(name, value) for value in values)
        return lambda issue: bool(read(issue) & wanted) is not negative

    def _values(self, sign: str) -> tuple[list[str] | None, bool]:
        if sign == "is":
            negative = self._take_if("not")
            if self._take().lower() not in ("empty", "null"):
                raise self._error()
            return None, negative
        negative = sign in ("!=", "not")
        if sign == "not":
            self._expect("in")
        if sign in ("in", "not"):
            self._expect("(")
            values = [self._take()]
            while self._take_if(","):
                values.append(self._take())
            self._expect(")")
            return values, negative
        if sign not in ("=", "!="):
            raise self._error()
        value = self._take()
        if value.lower() == "currentuser":
            self._expect("(")
            self._expect(")")
        return [value], negative

    def _reader(self, name: str) -> Callable[[Issue], frozenset[str]]:
        readers: dict[str, Callable[[Issue], frozenset[str]]] = {
            "key": lambda issue: frozenset((issue.key.lower(),)),
            "parent": lambda issue: self._parent(issue, "parent"),
            "epiclink": lambda issue: self._parent(issue, "epiclink"),
            "project": lambda _issue: frozenset((PROJECT_KEY.lower(),)),
            "labels": lambda issue: frozenset(label.lower() for label in issue.labels),
            "status": lambda issue: frozenset((STATUSES[issue.status_id].name.lower(), issue.status_id)),
            "statuscategory": lambda issue: frozenset(
                (
                    STATUSES[issue.status_id].category,
                    CATEGORIES[STATUSES[issue.status_id].category].name.lower(),
                    str(CATEGORIES[STATUSES[issue.status_id].category].id),
                )
            ),
            "issuetype": lambda issue: frozenset((ISSUE_TYPES[issue.type_id].name.lower(), issue.type_id)),
            "assignee": lambda issue: frozenset((issue.assignee.lower(),)) if issue.assignee else frozenset(),
        }
        reader = readers.get(name)
        if reader is None:
            raise RefusedError(400, f"Field '{name}' does not exist or you do not have permission to view it.")
        return reader

    def _parent(self, issue: Issue, field: str) -> frozenset[str]:
        """On Data Center the epic is in a field of its own, and `parent` is for sub-tasks alone."""
        is_subtask = ISSUE_TYPES[issue.type_id].level < 0
        fits = not is_subtask if field == "epiclink" else is_subtask or not self.world.data_center
        return frozenset((issue.parent.lower(),)) if issue.parent and fits else frozenset()

    def _value(self, name: str, value: str) -> str:
        if name in ("key", "parent", "epiclink"):
            issue = self.world.issue(value)
            if issue is None:
                raise RefusedError(400, f"An issue with key '{value}' does not exist for field '{name}'.")
            return issue.key.lower()
        if name == "project" and value in (PROJECT_ID, PROJECT_KEY, PROJECT_KEY.lower()):
            return PROJECT_KEY.lower()
        if name == "project":
            raise RefusedError(400, f"The value '{value}' does not exist for the field 'project'.")
        if name == "assignee" and value.lower() == "currentuser":
            return self.account_id.lower()
        return value.lower()

    def _time_test(self, name: str, sign: str, value: str) -> Test:
        edge = self._time(value)

        def when(issue: Issue) -> datetime:
            at = {"updated": issue.updated, "created": issue.created}.get(name, issue.status_since)
            # JQL compares minutes, not seconds.
            return at.astimezone(UTC).replace(second=0, microsecond=0)

        tests: dict[str, Test] = {
            ">=": lambda issue: when(issue) >= edge,
            ">": lambda issue: when(issue) > edge,
            "<=": lambda issue: when(issue) <= edge,
            "<": lambda issue: when(issue) < edge,
            "=": lambda issue: when(issue) == edge,
        }
        if sign not in tests:
            raise self._error()
        return tests[sign]

    def _time(self, value: str) -> datetime:
        relative = _RELATIVE.match(value)
        if relative:
            back = int(relative.group(1)) * _UNITS[relative.group(2)]
            return (self.world.now().astimezone(UTC) - back).replace(second=0, microsecond=0)
        for form in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
            try:
                return datetime.strptime(value, form).replace(tzinfo=UTC)
            except ValueError:
                continue
        raise RefusedError(400, f"Date value '{value}' is invalid. Valid formats: 'yyyy-MM-dd HH:mm', '-5d'.")

    def _order(self) -> tuple[str, bool]:
        name = self._take().lower()
        name = _ALIASES.get(name, name)
        if name not in _ORDERS:
            raise RefusedError(400, f"Not able to sort using field '{name}'.")
        falling = self._take_if("desc")
        if not falling:
            self._take_if("asc")
        return name, falling

    def _peek(self) -> str:
        return self.tokens[self.at].lower() if self.at < len(self.tokens) else ""

    def _take(self) -> str:
        if self.at >= len(self.tokens):
            raise self._error()
        self.at += 1
        return self.tokens[self.at - 1]

    def _take_if(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self.at += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._take_if(word):
            raise self._error()

    def _error(self) -> RefusedError:
        found = self.tokens[self.at] if self.at < len(self.tokens) else "the end of the query"
        return RefusedError(400, f"Error in the JQL Query: '{found}' was not expected here.")


def _tokens(jql: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    text = jql.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise RefusedError(400, f"Error in the JQL Query: the character '{text[at]}' is not understood.")
        quoted = match.group("quoted")
        tokens.append(quoted[1:-1] if quoted else match.group("sign") or match.group("word"))
        at = match.end()
    return tokens
