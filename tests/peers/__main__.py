"""`python -m tests.peers`: installs what the real servers need, and says what can't be had."""

from __future__ import annotations

import subprocess

from tests.peers import PEERS

for peer in PEERS:
    why = peer.missing()
    if why:
        print(f"{peer.name}: installing {why}", flush=True)
        try:
            peer.install()
            why = peer.missing()
        except (OSError, subprocess.SubprocessError) as error:
            why = f"{why} could not be installed ({error})"
    if why:
        print(f"\nNOT RUN: {peer.name}: {why}\n", flush=True)
    else:
        print(f"{peer.name}: is here", flush=True)
