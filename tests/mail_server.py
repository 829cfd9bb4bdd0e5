"""A small real mail server on loopback (RFC 5321), that keeps what it takes and refuses on
demand."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage
from types import TracebackType
from typing import cast


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps the mails that it takes.

    Attributes:
        mails: what was taken, in order.
        answers: answers to give in the place of the usual one, by command, e.g. {"RCPT": "550 No"}.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.mails: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> MailServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Conversation(socketserver.StreamRequestHandler):
    USUAL = {"EHLO": "250 mail.test", "DATA": "354 Go on", "QUIT": "221 Bye"}

    def handle(self) -> None:
        server = cast(MailServer, self.server)
        self._say(server.answers.get("HELLO", "220 mail.test"))
        while line := self.rfile.readline():
            command = line[:4].decode().upper()
            answer = server.answers.get(command, self.USUAL.get(command, "250 OK"))
            self._say(answer)
            if command == "DATA" and answer.startswith("354"):
                server.mails.append(self._mail())
                self._say("250 Taken")
            if command == "QUIT":
                return

    def _mail(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        return cast(EmailMessage, mail)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
