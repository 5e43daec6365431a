"""A run that a program leads, step by step: the same engine and the same checks as for a scenario."""
