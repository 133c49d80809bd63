"""The sentences of checklists, standup and checks in the language of the workspace."""
