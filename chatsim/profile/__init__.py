"""How one server is started and spoken to: bytes ↔ frames ↔ what a bot heard. Pure: no socket, no clock."""
