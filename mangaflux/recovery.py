"""What a start does with the work of a dead process, before anything else runs."""

import asyncio
import logging
from concurrent.futures import Executor

from mangaflux.storage.content_files import ContentFiles
from mangaflux.storage.page_queue import PageQueue

logger = logging.getLogger(__name__)


async def recover(queue: PageQueue, folders: tuple[ContentFiles, ...], files: Executor, max_attempts: int) -> None:
    """Removes half-written files and takes back the pages that were running.

    Finished pages stay finished. Pages that were running become suspects: the worker runs each of them alone before it
    overlaps anything, so that a page which kills the process can be told from its neighbours.
    """
    loop = asyncio.get_running_loop()
    for folder in folders:
        removed = await loop.run_in_executor(files, folder.remove_temporary)
        if removed:
            logger.info("removed %d half-written files in %s", removed, folder.folder.name)
    recovered = await queue.recover(max_attempts)
    if recovered:
        logger.warning("the last process died while pages were running; they run again, alone: %d", recovered)
