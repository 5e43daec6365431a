"""Plays a scenario: commands out, events in, a history as the result. Pure: no socket, no thread, no clock."""
