"""The Jira world: async client, JSON to nouns, transitions."""

from cidash.late import late

late(__name__, "making_questions")
