"""Once a day: forgets what is kept of the guilds that have removed the bot."""

import time

from chatops import bootstrap
from chatops.errors import OutsideError
from chatops.observability import logger


def handler(event: object, context: object) -> None:
    """Ask Discord about every guild of which anything is kept; ids are all that the log tells.

    Raises:
        OutsideError: one could not be forgotten whole; Lambda tries again, and then an alarm goes off.
    """
    looked = bootstrap.forget_guilds()(int(time.time()))
    logger.info("looked at the guilds", extra=vars(looked))
    if looked.failed:
        raise OutsideError(f"forgetting guilds: {'; '.join(looked.failed)}")
