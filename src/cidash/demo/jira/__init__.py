"""A Jira Cloud site in memory: REST v2 and v3, one epic, one workflow, and the habits of the real one."""

from cidash.demo.jira.app import JiraDemo, create_jira
from cidash.demo.jira.world import World

__all__ = ["JiraDemo", "World", "create_jira"]
