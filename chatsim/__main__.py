"""`python -m chatsim` is `chatsim`."""

from chatsim.cli.main import entry

if __name__ == "__main__":
    entry()
