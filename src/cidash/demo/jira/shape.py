"""Issues and their parts as JSON, in the words of Jira Cloud."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from cidash.demo.jira import adf, screens
from cidash.demo.jira.workflow import (
    CATEGORIES,
    EPIC_LINK,
    FIELDS,
    ISSUE_TYPES,
    LINK_TYPES,
    PEOPLE,
    PRIORITIES,
    PROJECT_ID,
    PROJECT_KEY,
    PROJECT_NAME,
    RESOLUTIONS,
    STATUSES,
    STORY_POINTS,
    SUBTASK,
    Transition,
)
from cidash.demo.jira.world import Comment, Issue, World

Json = dict[str, Any]


def moment(at: datetime) -> str:
    """Return a time as Jira writes it: milliseconds and an offset without a colon."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def readable(seconds: int) -> str:
    """Return an estimate as Jira shows it: `1h 30m`, a day being 8 hours."""
    days, rest = divmod(seconds, 8 * 3600)
    hours, rest = divmod(rest, 3600)
    parts = [f"{days}d" if days else "", f"{hours}h" if hours else "", f"{rest // 60}m" if rest >= 60 else ""]
    return " ".join(part for part in parts if part) or "0m"


class Shape:
    """Turns the world's issues into the JSON of one API version (2 or 3)."""

    def __init__(self, world: World, version: int) -> None:
        self.world = world
        self.version = version
        self._makers: dict[str, Callable[[Issue], object]] = {
            "summary": lambda issue: issue.summary,
            "description": lambda issue: adf.shown(issue.description, version),
            "status": lambda issue: self.status(issue.status_id),
            "statusCategory": lambda issue: self.category(STATUSES[issue.status_id].category),
            "statuscategorychangedate": lambda issue: moment(issue.status_since),
            "issuetype": lambda issue: self.issue_type(issue.type_id),
            "project": lambda _issue: self.project(),
            "parent": self._parent,
            "priority": lambda issue: self.option("priority", issue.priority_id),
            "resolution": self._resolution,
            "resolutiondate": lambda issue: moment(issue.status_since) if issue.resolution_id else None,
            "assignee": lambda issue: self.person(issue.assignee),
            "reporter": lambda issue: self.person(issue.reporter),
            "creator": lambda issue: self.person(issue.reporter),
            "labels": lambda issue: list(issue.labels),
            "created": lambda issue: moment(issue.created),
            "updated": lambda issue: moment(issue.updated),
            "issuelinks": self._links,
            "subtasks": self._subtasks,
            "timetracking": self._time_tracking,
            "timeoriginalestimate": lambda issue: issue.estimate,
            "timeestimate": lambda issue: issue.remaining,
            "timespent": lambda issue: issue.spent,
            "aggregatetimeoriginalestimate": lambda issue: issue.estimate,
            "aggregatetimeestimate": lambda issue: issue.remaining,
            "aggregatetimespent": lambda issue: issue.spent,
            "comment": self._comments,
            EPIC_LINK: lambda issue: issue.parent if ISSUE_TYPES[issue.type_id].level == 0 else None,
            STORY_POINTS: lambda issue: None if world.team_managed else issue.points,
            "customfield_10016": lambda issue: issue.points if world.team_managed else None,
        }

    @property
    def root(self) -> str:
        """The base of `self` links."""
        return f"{self.world.url}/rest/api/{self.version}"

    def issue(self, issue: Issue, wanted: Iterable[str]) -> Json:
        """Return an issue with the wanted fields; unknown names are left out, as Jira does.

        Args:
            issue: Which version of which issue.
            wanted: Field ids, `*all`, `*navigable`, and `-name` to leave one out again.
        """
        names: list[str] = []
        for name in wanted:
            if name in ("*all", "*navigable"):
                names += [each for each in self._makers if name == "*all" or each not in ("comment", "timetracking")]
            elif name.startswith("-"):
                names = [each for each in names if each != name[1:]]
            elif name in self._makers:
                names.append(name)
        return {**self.reference(issue), "fields": {name: self._makers[name](issue) for name in names}}

    def reference(self, issue: Issue) -> Json:
        """Return id, key and self."""
        return {"expand": "", "id": issue.id, "self": f"{self.root}/issue/{issue.id}", "key": issue.key}

    def status(self, status_id: str) -> Json:
        """Return a status with its category."""
        status = STATUSES[status_id]
        return {
            "self": f"{self.root}/status/{status.id}",
            "description": "",
            "iconUrl": f"{self.world.url}/images/icons/statuses/generic.png",
            "name": status.name,
            "id": status.id,
            "statusCategory": self.category(status.category),
        }

    def category(self, key: str) -> Json:
        """Return a status category."""
        category = CATEGORIES[key]
        return {
            "self": f"{self.root}/statuscategory/{category.id}",
            "id": category.id,
            "key": category.key,
            "colorName": category.colour,
            "name": category.name,
        }

    def issue_type(self, type_id: str) -> Json:
        """Return an issue type with its level."""
        kind = ISSUE_TYPES[type_id]
        return {
            "self": f"{self.root}/issuetype/{kind.id}",
            "id": kind.id,
            "description": "",
            "name": kind.name,
            "subtask": kind.id == SUBTASK,
            **({} if self.world.data_center else {"hierarchyLevel": kind.level}),
        }

    def project(self) -> Json:
        """Return the project: company-managed, so `simplified` is false."""
        return {
            "self": f"{self.root}/project/{PROJECT_ID}",
            "id": PROJECT_ID,
            "key": PROJECT_KEY,
            "name": PROJECT_NAME,
            "projectTypeKey": "software",
            "simplified": self.world.team_managed,
        }

    def person(self, account_id: str | None) -> Json | None:
        """Return a user; None for nobody."""
        person = PEOPLE.get(account_id or "")
        if person is None:
            return None
        if self.world.data_center:
            return {
                "self": f"{self.root}/user?username={person.email}",
                "name": person.email,
                "key": f"JIRAUSER{len(person.name)}",
                "displayName": person.name,
                "emailAddress": person.email,
                "active": True,
            }
        return {
            "self": f"{self.root}/user?accountId={person.account_id}",
            "accountId": person.account_id,
            "accountType": "atlassian",
            "displayName": person.name,
            "emailAddress": person.email,
            "active": True,
            "timeZone": "Europe/Berlin",
        }

    def option(self, kind: str, option_id: str) -> Json:
        """Return a resolution or a priority."""
        option = (PRIORITIES if kind == "priority" else RESOLUTIONS)[option_id]
        return {"self": f"{self.root}/{kind}/{option.id}", "id": option.id, "name": option.name}

    def transition(self, transition: Transition, *, with_fields: bool) -> Json:
        """Return a transition; its screen's fields only when asked for."""
        shown: Json = {
            "id": transition.id,
            "name": transition.name,
            "to": self.status(transition.to),
            "hasScreen": transition.has_screen,
            "isGlobal": False,
            "isInitial": False,
            "isAvailable": True,
            "isConditional": False,
            "isLooped": False,
        }
        if self.world.data_center:
            shown = {"id": transition.id, "name": transition.name, "to": shown["to"], "opsbarSequence": 10}
        if with_fields and transition.required and self.world.rich_screens:
            shown["fields"] = screens.screen(self.root)
        elif with_fields:
            shown["fields"] = {name: self._screen_field(name) for name in transition.required}
        return shown

    def comment(self, comment: Comment, key: str) -> Json:
        """Return a comment on an issue."""
        return {
            "self": f"{self.root}/issue/{key}/comment/{comment.id}",
            "id": comment.id,
            "author": self.person(comment.author),
            "body": adf.shown(comment.body, self.version),
            "updateAuthor": self.person(comment.author),
            "created": moment(comment.created),
            "updated": moment(comment.created),
            "jsdPublic": True,
        }

    def _screen_field(self, name: str) -> Json:
        title, schema = next((title, schema) for field, title, schema in FIELDS if field == name)
        return {
            "required": True,
            "schema": schema,
            "name": title,
            "key": name,
            "operations": ["set"],
            "allowedValues": [self.option("resolution", option) for option in RESOLUTIONS],
            "hasDefaultValue": False,
        }

    def _embedded(self, key: str) -> Json:
        other = self.world.issue(key)
        assert other is not None, f"a link names {key}, which is not there"
        return self.issue(other, ("summary", "status", "priority", "issuetype"))

    def _parent(self, issue: Issue) -> Json | None:
        hidden = self.world.data_center and ISSUE_TYPES[issue.type_id].level >= 0
        return self._embedded(issue.parent) if issue.parent and not hidden else None

    def _resolution(self, issue: Issue) -> Json | None:
        return self.option("resolution", issue.resolution_id) if issue.resolution_id else None

    def _links(self, issue: Issue) -> list[Json]:
        shown = []
        for link in self.world.links:
            if issue.key not in (link.source, link.target):
                continue
            type_id, name, inward, outward = next(kind for kind in LINK_TYPES if kind[0] == link.type_id)
            # Seen from the source the other one is outward ("blocks"), seen from the target it is inward.
            side, other = ("outwardIssue", link.target) if issue.key == link.source else ("inwardIssue", link.source)
            shown.append(
                {
                    "id": link.id,
                    "self": f"{self.root}/issueLink/{link.id}",
                    "type": {"id": type_id, "name": name, "inward": inward, "outward": outward},
                    side: self._embedded(other),
                }
            )
        return shown

    def _subtasks(self, issue: Issue) -> list[Json]:
        return [
            self._embedded(each.key)
            for each in self.world.issues()
            if each.parent == issue.key and each.type_id == SUBTASK
        ]

    def _time_tracking(self, issue: Issue) -> Json:
        shown: Json = {}
        for name, value in (
            ("originalEstimate", issue.estimate),
            ("remainingEstimate", issue.remaining),
            ("timeSpent", issue.spent),
        ):
            if value is not None:
                shown[name] = readable(value)
                shown[f"{name}Seconds"] = value
        return shown

    def _comments(self, issue: Issue) -> Json:
        comments = [self.comment(comment, issue.key) for comment in self.world.comments.get(issue.key, [])]
        return {"comments": comments, "maxResults": len(comments), "total": len(comments), "startAt": 0}
