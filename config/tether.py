"""`python tether.py PARENT COMMAND...` becomes the command, tied to the life of its parent.

A file without imports of ours, so that it starts in milliseconds: Linux sends SIGTERM to the
command when the parent is gone, kill -9 included. Elsewhere it only becomes the command.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Never returns.

    Args:
        parent: process id of the supervisor.
        command: program (with its path) and arguments.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
