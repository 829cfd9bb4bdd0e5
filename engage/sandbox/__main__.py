"""`python -m engage.sandbox --port 8100 --data DIR`: migrates its own database and serves.

The API token is read from SANDBOX_TOKEN, so that it is in no list of processes.
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> None:
    """Migrates, then becomes the web server (same process id, so signals reach it)."""
    parser = argparse.ArgumentParser(prog="python -m engage.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--port", type=int, default=int(os.environ.get("SANDBOX_PORT", "8100")), help="port"
    )
    parser.add_argument("--data", default=os.environ.get("SANDBOX_DATA"), help="folder of its data")
    parser.add_argument("--threads", type=int, default=16, help="requests served at once")
    options = parser.parse_args()
    if not options.data:
        parser.error("Say where to keep the data: --data DIR, or SANDBOX_DATA in the environment.")

    os.environ["DJANGO_SETTINGS_MODULE"] = "engage.sandbox.settings"
    os.environ["SANDBOX_DATA"] = str(Path(options.data).resolve())
    os.environ["SANDBOX_PORT"] = str(options.port)

    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)

    # One process: SQLite has one writer, and faults are drawn in one order.
    serve = [sys.executable, "-m", "gunicorn", "engage.sandbox.wsgi:application"]
    serve += ["--bind", f"{options.host}:{options.port}", "--chdir", str(ROOT)]
    serve += ["--worker-class", "gthread", "--workers", "1", "--threads", str(options.threads)]
    serve += ["--graceful-timeout", "3", "--log-level", "warning", "--no-control-socket"]
    os.execv(sys.executable, serve)


if __name__ == "__main__":
    main()
