"""The properties: each a pure function from a history to a verdict with its witness."""
