"""No log line carries text: no exception's message, none of its arguments, no library's record."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable

import pytest
import structlog

from compliance.exceptions import BadInput
from config.logs import WithholdingFormatter, shown

# Not one literal: a message that stands in the source of its caller may be printed.
CANARY = " ".join(("quetzalcoatl", "feathers"))


@pytest.fixture
def logged() -> Callable[[Callable[[logging.Logger], None]], str]:
    """What our formatter makes of whatever a function logs."""

    def run(act: Callable[[logging.Logger], None], formatter: type = WithholdingFormatter) -> str:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter())
        logger = logging.getLogger("some.library")
        logger.handlers[:] = [handler]
        logger.propagate, logger.level = False, logging.DEBUG
        act(logger)
        return stream.getvalue()

    return run  # type: ignore[return-value]  # the second argument has a default


class Talkative(Exception):
    def __repr__(self) -> str:
        return CANARY


def message(logger: logging.Logger) -> None:
    logger.error(CANARY)


def argument(logger: logging.Logger) -> None:
    logger.error("could not read %s", CANARY)


def keyed_argument(logger: logging.Logger) -> None:
    logger.error("task %(name)s", {"name": CANARY, "id": CANARY})


def exception(logger: logging.Logger) -> None:
    words = CANARY
    try:
        raise ValueError(words)
    except ValueError:
        logger.exception("failed")


def cause(logger: logging.Logger) -> None:
    try:
        try:
            raise Talkative(CANARY)
        except Talkative as error:
            raise RuntimeError("outer") from error
    except RuntimeError:
        logger.exception("failed")


def structured(logger: logging.Logger) -> None:
    logger.error({"event": "scanned", "text": CANARY, "post": 7})


LEAKS = [message, argument, keyed_argument, exception, cause, structured]


@pytest.mark.parametrize("act", LEAKS, ids=lambda a: a.__name__)
def test_log_line_holds_no_text(logged: Callable[..., str], act: Callable[..., None]) -> None:
    written = logged(act)
    assert written and CANARY not in written
    json.loads(written)


@pytest.mark.parametrize("act", LEAKS, ids=lambda a: a.__name__)
def test_plain_formatter_leaks(logged: Callable[..., str], act: Callable[..., None]) -> None:
    # The negative control.
    assert CANARY in logged(act, logging.Formatter)


def test_log_line_names_the_types_and_frames_of_an_exception(logged: Callable[..., str]) -> None:
    line = json.loads(logged(cause))
    outer, inner = line["exception"]
    assert outer["type"] == "builtins.RuntimeError"
    assert inner["type"].endswith("Talkative")
    assert inner["frames"][-1].endswith(":cause")


def test_log_line_keeps_the_sentence_of_a_refusal(logged: Callable[..., str]) -> None:
    def refusal(logger: logging.Logger) -> None:
        try:
            raise BadInput("text must not be empty.")
        except BadInput:
            logger.exception("refused")

    assert "must not be empty" in logged(refusal)


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (7, 7),
        (True, True),
        (None, None),
        ("post_scanned", "post_scanned"),
        ("a b", "[withheld]"),
        ("Grüße", "[withheld]"),
        ("x" * 101, "[withheld]"),
        (["a b", 7], ["[withheld]", 7]),
        ({"a": "b"}, "[withheld]"),
    ],
)
def test_only_ids_numbers_and_codes_are_shown(value: object, printed: object) -> None:
    assert shown(value) == printed


def test_our_own_events_become_records(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        structlog.get_logger("engage.test").warning("nudge_lost", task="scan")
    assert caplog.records[-1].msg == {"event": "nudge_lost", "task": "scan"}
