"""`right_asyncio.py` over TLS.

python lines_over_tls.py PORT CERTIFICATE
"""

from __future__ import annotations

import asyncio
import functools
import runpy
import ssl
import sys
from pathlib import Path

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2])
# One who has vanished never answers a goodbye: nobody waits half a minute for that.
asyncio.start_server = functools.partial(asyncio.start_server, ssl=context, ssl_shutdown_timeout=0.5)  # type: ignore
runpy.run_path(str(Path(__file__).with_name("right_asyncio.py")), run_name="__main__")
