"""The least that a Typer program can be: one command, one argument, one option. For comparisons only."""

from typing import Annotated

import typer


def main(file: str, seed: Annotated[int, typer.Option(help="A number.")] = 0) -> None:
    """Do nothing, and say so."""
    print(f"{file} {seed}")


if __name__ == "__main__":
    typer.run(main)
