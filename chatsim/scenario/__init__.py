"""What the clients do: the scenario language, from text to a frozen `Scenario` whose every value knows its place."""
