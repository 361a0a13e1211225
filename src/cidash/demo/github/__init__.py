"""A GitHub in one process, for the demo and the tests: a REST API and a storage host that tell the KAN-40 story."""

from cidash.demo.github.create import ADMIN_TOKEN, READONLY_TOKEN, SCENARIOS, GitHubDemo, create_github
from cidash.demo.github.model import FULL_NAME, Protection, Release, Ruleset
from cidash.demo.github.world import World

__all__ = [
    "ADMIN_TOKEN",
    "FULL_NAME",
    "READONLY_TOKEN",
    "SCENARIOS",
    "GitHubDemo",
    "Protection",
    "Release",
    "Ruleset",
    "World",
    "create_github",
]
