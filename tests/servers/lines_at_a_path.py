"""`right_asyncio.py` at a Unix socket.

python lines_at_a_path.py PATH [habit]: `@NAME` is an abstract name; habits are mistakes:
  leaves-its-file  removes the file of its socket neither at its end nor before it binds
  keeps-its-ends   never closes its end of a connection
"""

from __future__ import annotations

import asyncio
import runpy
import socket
import sys
from pathlib import Path
from typing import Any

path, habit = sys.argv[1], (sys.argv[2:] or [""])[0]
listener = socket.socket(socket.AF_UNIX)
if habit != "leaves-its-file" and not path.startswith("@"):
    Path(path).unlink(missing_ok=True)
listener.bind(f"\0{path[1:]}" if path.startswith("@") else path)
kept = []


async def start_server(handle: Any, host: str, port: int, **options: Any) -> asyncio.Server:
    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kept.append(writer)
        writer.close = lambda: None  # type: ignore[method-assign]
        await handle(reader, writer)

    return await asyncio.start_unix_server(keep if habit == "keeps-its-ends" else handle, sock=listener, **options)


asyncio.start_server = start_server  # type: ignore[assignment]
sys.argv[1] = "0"
runpy.run_path(str(Path(__file__).with_name("right_asyncio.py")), run_name="__main__")
