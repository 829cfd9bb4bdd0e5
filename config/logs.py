"""Log lines as JSON on stderr, none of which can hold post or draft text (law 7).

Three kinds of records pass through one formatter:

- our own events, `structlog.get_logger().info("post_scanned", post=post.pk)`: values are ids,
  numbers and short codes, anything else is "[withheld]";
- records of other libraries: the message is printed only if it stands as a literal in the source
  file that logged it, and of its arguments only those listed in `SAFE_ARGUMENTS`;
- exceptions: types and frames, never messages, arguments, variables or source lines. The sentence
  of a `Refusal` is printed, because it is written by us and holds no text.
"""

from __future__ import annotations

import ast
import datetime as dt
import enum
import json
import logging
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO
from uuid import UUID

import structlog

from compliance.exceptions import Refusal

WITHHELD = "[withheld]"
CODE = re.compile(r"[\w.:+/-]{0,100}", re.ASCII)
LONGEST_LIST = 20
MOST_FRAMES = 40
LONGEST_SENTENCE = 300

# What may be printed of a library's arguments: names of tasks and ids of messages.
SAFE_ARGUMENTS: Mapping[str, frozenset[str]] = {
    "celery.app.trace": frozenset({"id", "name", "runtime", "description"}),
    "celery.worker.strategy": frozenset({"id", "name"}),
}
# Chatty at INFO, or known to log what they were given.
LEVELS: Mapping[str, int] = {
    "httpx": logging.WARNING,  # its INFO lines are request addresses
    "httpcore": logging.WARNING,
    "kombu": logging.WARNING,
    "amqp": logging.WARNING,
    "presidio-analyzer": logging.ERROR,
    "celery.beat": logging.WARNING,  # a line for every sweep
    "celery.worker.strategy": logging.WARNING,
    "celery.app.trace": logging.WARNING,
}

_SITE_PACKAGES = re.compile(r".*/(?:site-packages|lib/python[\d.]+)/")
_ROOT = str(Path(__file__).resolve().parent.parent) + "/"


class Event(dict[str, Any]):
    """One of our own events, its values already checked, on its way to the formatter."""


def shown(value: Any) -> Any:
    """The value if it is an id, a number or a short code, else "[withheld]"."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, enum.Enum):
        return shown(value.value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, str):
        return str(value) if CODE.fullmatch(value) else WITHHELD
    if isinstance(value, list | tuple | set | frozenset) and len(value) <= LONGEST_LIST:
        return [shown(item) for item in value]
    return WITHHELD


def _hand_over(
    logger: Any, method: str, event: Mapping[str, Any]
) -> tuple[tuple[Event], dict[str, Any]]:
    # The last structlog processor: what it returns is what the standard logger is called with.
    rest = dict(event)
    exc_info = rest.pop("exc_info", None)
    rest.pop("stack_info", None)
    checked = Event((k, shown(v)) for k, v in rest.items() if CODE.fullmatch(k))
    return (checked,), {"exc_info": exc_info} if exc_info else {}


def frames(trace: TracebackType | None) -> list[str]:
    """`file:line:function` of the innermost frames, without source lines or variables."""
    found = [
        f"{_short_path(frame.f_code.co_filename)}:{line}:{frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(trace)
    ]
    return found[-MOST_FRAMES:]


def _short_path(path: str) -> str:
    return _SITE_PACKAGES.sub("", path.removeprefix(_ROOT), count=1)


def described(error: BaseException) -> list[dict[str, Any]]:
    """The exception and its causes, outermost first, without their messages."""
    lines: list[dict[str, Any]] = []
    for link in _chain(error):
        line: dict[str, Any] = {"type": f"{type(link).__module__}.{type(link).__qualname__}"}
        if isinstance(link, Refusal):
            line["sentence"] = str(link)[:LONGEST_SENTENCE]
        if isinstance(link, BaseExceptionGroup):
            line["group"] = [type(e).__qualname__ for e in link.exceptions[:LONGEST_LIST]]
        line["frames"] = frames(link.__traceback__)
        lines.append(line)
    return lines


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


@lru_cache(maxsize=256)
def _literals(path: str) -> frozenset[str]:
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return frozenset()
    return frozenset(
        node.value.strip()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


class WithholdingFormatter(logging.Formatter):
    """One JSON object a line; never raises, because `logging` would print the arguments then."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat("T", "milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        try:
            line |= record.msg if isinstance(record.msg, Event) else self._of_others(record)
            error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
            if error is not None:
                line["exception"] = described(error)
            return json.dumps(line)
        except Exception as error:
            return json.dumps(
                {"level": "error", "event": "unloggable", "why": type(error).__name__}
            )

    def _of_others(self, record: logging.LogRecord) -> dict[str, Any]:
        place = f"{_short_path(record.pathname)}:{record.lineno}"
        message = record.msg.strip() if isinstance(record.msg, str) else None
        if message is None or message not in _literals(record.pathname):
            return {"event": WITHHELD, "place": place}
        line: dict[str, Any] = {"event": message, "place": place}
        safe = SAFE_ARGUMENTS.get(record.name, frozenset())
        if isinstance(record.args, Mapping):
            line |= {key: shown(record.args[key]) for key in sorted(safe & record.args.keys())}
        return line


def _note_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    place = f"{_short_path(filename)}:{lineno}"
    event = Event(event="python_warning", category=category.__name__, place=place)
    logging.getLogger("py.warnings").warning(event)


def _note_uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    error = error or kind()
    logging.getLogger("uncaught").critical(
        Event(event="uncaught_exception"), exc_info=(kind, error, error.__traceback__ or trace)
    )


def _note_thread(args: threading.ExceptHookArgs) -> None:
    _note_uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _note_unraisable(args: Any) -> None:
    _note_uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def logging_config(level: str) -> None:
    """Sends everything that is logged in this process to stderr as JSON lines.

    Uncaught exceptions and Python warnings too: their default printing shows messages and source.

    Args:
        level: the lowest level that is printed ("INFO").

    Raises:
        ValueError: unknown level.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(WithholdingFormatter())
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h.formatter, WithholdingFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name, least in LEVELS.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    logging.raiseExceptions = False  # a handler that fails would print the record's arguments

    warnings.showwarning = _note_warning
    sys.excepthook = _note_uncaught
    threading.excepthook = _note_thread
    sys.unraisablehook = _note_unraisable

    processors: Sequence[Any] = (
        structlog.stdlib.filter_by_level,
        structlog.contextvars.merge_contextvars,
        _hand_over,
    )
    structlog.configure(
        processors=processors,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
