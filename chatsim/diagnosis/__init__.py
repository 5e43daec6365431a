"""From symptoms to causes: what a server's author may change, how sure that is, and in which line to look."""
