"""The log: lines for people, or JSON lines for machines."""

import logging

import structlog

from svarklar.settings import Settings


def configure_log(settings: Settings) -> None:
    """Lines for people, or JSON lines for machines."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # To stdout, line by line: whoever runs us (systemd, containers) keeps logs better than we could.
        logger_factory=structlog.PrintLoggerFactory(),
    )
