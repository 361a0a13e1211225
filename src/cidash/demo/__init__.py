"""A GitHub and a Jira in one process that tell the KAN-40 story over real HTTP. Imports none of the client's code."""
