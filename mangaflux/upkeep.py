"""What a server does by itself, whatever is asked of it: lets go of what is not kept any longer."""

import asyncio
import logging
from concurrent.futures import Executor

from mangaflux.errors import StorageError
from mangaflux.storage import clock
from mangaflux.storage.retention import Retention

logger = logging.getLogger(__name__)

#: Seconds between two looks at what may go.
INTERVAL_SECONDS = 600.0


async def keep_tidy(retention: Retention, files: Executor) -> None:
    """Looks again and again until it is cancelled. A disk that fails is told, and looked at again."""
    while True:
        try:
            await retention.run(clock.now(), files)
        except StorageError as error:
            logger.warning("nothing could be let go: %s", error.message)
        await asyncio.sleep(INTERVAL_SECONDS)
