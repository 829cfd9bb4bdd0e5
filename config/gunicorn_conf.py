"""How the pages are served: `gunicorn -c python:config.gunicorn_conf config.wsgi`."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import structlog
from gunicorn.glogging import Logger

from config.logs import logging_config

WARM_UP_AFTER = 4.0  # s: the worker scans what has arrived first


class WithholdingLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's records go through config/logs.py; there is no access log (law 7)."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.handlers = []
        self.error_log.propagate = True
        logging_config(os.environ.get("LOG_LEVEL", "INFO"))

    def access(self, *args: Any, **kwargs: Any) -> None:
        """Addresses of pages are not logged."""


def post_worker_init(worker: Any) -> None:
    """Loads the scanners beside the first requests, so that nobody who writes waits for them."""
    timer = threading.Timer(WARM_UP_AFTER, _warm_up)
    timer.daemon = True
    timer.start()


def _warm_up() -> None:
    from compliance import scanners  # once Django is set up

    try:
        scanners.warm_up()
    except Exception:
        # What is missing is said on every page, and what can't be scanned is held (law 8).
        structlog.get_logger().warning("scanners_not_loaded")


logger_class = WithholdingLogger
bind = "127.0.0.1:8000"
# The scanners are loaded once a process, about 150 MB each: few processes, several threads.
workers = int(os.environ.get("WEB_WORKERS", "2"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 8
keepalive = 5
# A heartbeat on a slow disk would get a healthy worker killed.
_MEMORY = Path("/dev/shm")  # noqa: S108  (gunicorn makes a file of its own there)
worker_tmp_dir = str(_MEMORY) if _MEMORY.is_dir() else None
control_socket_disable = True
