"""TLS as a layer: the standard library's, over memory instead of a socket.

A goodbye is a close_notify. A server that ends the connection without one, as most small ones do, has ended it all the
same. What a layer cannot know is told by TCP below it: resets, and whether the peer reads.
"""

from __future__ import annotations

import contextlib
import ssl

from chatsim.errors import ServerError
from chatsim.network.layers import LayerError, NotSpokenError
from chatsim.wires import Tls

__all__ = ["TlsLayer", "context_of"]

PIECE = 64 * 1024  # bytes: no more is told at once
FOREIGN = ("WRONG_VERSION_NUMBER", "UNEXPECTED_MESSAGE", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")  # reasons of OpenSSL's


def context_of(tls: Tls) -> ssl.SSLContext:
    """Raises ServerError for certificates that cannot be read."""
    try:
        context = ssl.create_default_context(cafile=tls.ca or None)
    except (OSError, ssl.SSLError) as error:
        raise ServerError(
            f"the certificates in {tls.ca} cannot be read: {error.strerror or error}",
            hint="a file of certificates in the PEM format is expected in `tls: {ca}`",
        ) from None
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # who believes any certificate believes a weak one as well
    return context


class TlsLayer:
    half_closes = True

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name or None)
        self.opened = False
        self.over = False

    def begin(self) -> None:
        self._shake_hands()

    def take(self, data: bytes) -> list[bytes]:
        self._incoming.write(data)
        if not self.opened:
            self._shake_hands()
        return self._read() if self.opened else []

    def say(self, data: bytes, more: bool = False) -> None:
        if data:
            self._tls.write(data)

    def finish(self) -> None:
        with contextlib.suppress(ssl.SSLError):  # it asks for the peer's goodbye, which may come later or never
            self._tls.unwrap()

    def outgoing(self) -> bytes:
        return self._outgoing.read()

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
            self.opened = True
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLError, ssl.CertificateError) as error:
            if error.reason in FOREIGN:
                raise NotSpokenError("it does not speak TLS") from None
            raise LayerError(_in_words(error)) from None

    def _read(self) -> list[bytes]:
        said: list[bytes] = []
        try:
            while piece := self._tls.read(PIECE):
                said.append(piece)
            self.over = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.over = True
        except ssl.SSLError as error:
            raise LayerError(_in_words(error)) from None
        return said


def _in_words(error: ssl.SSLError | ssl.CertificateError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not believed: {error.verify_message}"
    return f"TLS failed: {(error.reason or str(error)).replace('_', ' ').lower()}"
