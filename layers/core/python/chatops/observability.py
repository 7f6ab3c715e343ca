"""Structured logs, one logger for every function."""

from aws_lambda_powertools import Logger

logger = Logger()
"""Its service and level come from POWERTOOLS_SERVICE_NAME and POWERTOOLS_LOG_LEVEL.

Events are never logged whole, since they hold tokens."""
