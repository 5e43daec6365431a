"""A server whose author may attack is started where it can do no harm: what this machine offers for that, and its use."""
