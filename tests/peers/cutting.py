"""A TCP proxy in front of a real server, which loses requests or answers when it is told to."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from enum import Enum
from types import TracebackType

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset


class Mode(Enum):
    """What happens to a request that holds what the proxy looks for."""

    PASS = "pass"
    LOSE_REQUEST = "lose_request"  # cut before the server sees it
    LOSE_ANSWER = "lose_answer"  # cut after the server did its work
    SLOW = "slow"  # the answer comes late


class Cutting:
    """A proxy on a free port of 127.0.0.1; `mode` holds for requests that begin from now on.

    Args:
        port: of the real server, on 127.0.0.1.
        cuts: bytes in the head of the requests that are meant; all others pass.
        delay: seconds, for SLOW.
    """

    def __init__(self, port: int, cuts: bytes, delay: float = 3.0) -> None:
        self.mode = Mode.PASS
        self.cut = 0  # requests that met the mode
        self.cuts, self.delay = cuts, delay
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Cutting:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Takes no more connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        met = [Mode.PASS]
        with client, contextlib.suppress(OSError):
            server = socket.create_connection(("127.0.0.1", self._port))
            with server:
                back = threading.Thread(target=self._answers, args=(server, client, met))
                back.start()
                with contextlib.suppress(OSError):
                    while data := client.recv(CHUNK):
                        if self.mode is not Mode.PASS and self.cuts in data.split(b"\r\n", 1)[0]:
                            met[0] = self.mode
                            self.cut += 1
                        if met[0] is Mode.LOSE_REQUEST:
                            break
                        server.sendall(data)
                with contextlib.suppress(OSError):
                    server.shutdown(socket.SHUT_RDWR if met[0] is Mode.LOSE_REQUEST else 1)
                back.join()

    def _answers(self, server: socket.socket, client: socket.socket, met: list[Mode]) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(CHUNK):
                if met[0] is Mode.LOSE_ANSWER:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    break
                if met[0] is Mode.SLOW:
                    time.sleep(self.delay)
                    met[0] = Mode.PASS
                client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            client.close()
