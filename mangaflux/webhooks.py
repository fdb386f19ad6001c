"""Tells clients of the end of their jobs: signed as Standard Webhooks says, tried again for more than a day.

A task of its own takes what the outbox holds; nothing else ever waits for an address that does not answer.
"""

import asyncio
import base64
import binascii
import contextlib
import hashlib
import hmac
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import aiohttp

from mangaflux.errors import SettingsError, StorageError
from mangaflux.events import EventBroker
from mangaflux.storage import clock
from mangaflux.storage.outbox import Outbox, Webhook

logger = logging.getLogger(__name__)

#: Time after each failure until the next try, as the specification of Standard Webhooks proposes; after the last the
#: message is given up.
RETRY_AFTER = tuple(
    timedelta(seconds=seconds) for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600)
)
#: Seconds between looks at what is due; the end of a job is looked at once.
LOOK_SECONDS = 5.0
#: Messages that are on their way at once.
AT_ONCE = 4
SECRET_PREFIX = "whsec_"
#: The address says that it wants nothing any more.
_GONE = 410


class Courier:
    """Delivers what is in the outbox."""

    def __init__(
        self, outbox: Outbox, broker: EventBroker, secret: bytes, open_session: Callable[[], aiohttp.ClientSession]
    ) -> None:
        self._outbox = outbox
        self._broker = broker
        self._secret = secret
        self._open_session = open_session

    async def run(self) -> None:
        """Delivers until it is cancelled. A disk that fails is told, and looked at again."""
        with self._broker.subscribe() as subscription:
            while True:
                with contextlib.suppress(StorageError):
                    await self.deliver_due(clock.now())
                events = await subscription.wait(LOOK_SECONDS)
                while events and not any(event.type.ends_job for event in events):
                    events = await subscription.wait(LOOK_SECONDS)

    async def deliver_due(self, now: datetime) -> None:
        """Tries everything whose time has come, once.

        Raises:
            StorageError: the disk fails; a message may be delivered a second time then.
        """
        if not (due := await self._outbox.due(now, AT_ONCE)):
            return
        async with self._open_session() as session:
            while due:
                await asyncio.gather(*(self._deliver(session, webhook, now) for webhook in due))
                due = await self._outbox.due(now, AT_ONCE)

    async def _deliver(self, session: aiohttp.ClientSession, webhook: Webhook, now: datetime) -> None:
        problem, is_final = await self._post(session, webhook)
        if problem is None:
            await self._outbox.remove(webhook)
        elif is_final or webhook.failures >= len(RETRY_AFTER):
            logger.warning(
                "gave up the webhook of %s after %d tries: %s", webhook.job_id, webhook.failures + 1, problem
            )
            await self._outbox.remove(webhook)
        else:
            await self._outbox.put_off(webhook, now + RETRY_AFTER[webhook.failures])

    async def _post(self, session: aiohttp.ClientSession, webhook: Webhook) -> tuple[str | None, bool]:
        """What went wrong, and whether it is no use to try again; (None, …) where it was delivered."""
        headers = signed_headers(self._secret, webhook, clock.now())
        try:
            # Redirects are no answer: whoever was told to listen there did not.
            async with session.post(
                webhook.url, data=webhook.body.encode(), headers=headers, allow_redirects=False
            ) as response:
                if 200 <= response.status < 300:
                    return None, False
                return f"the address answered {response.status}", response.status == _GONE
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return f"the address cannot be reached ({type(error).__name__})", False


def signed_headers(secret: bytes, webhook: Webhook, now: datetime) -> dict[str, str]:
    """The headers of one delivery, as in https://www.standardwebhooks.com: HMAC-SHA256 of id, time and body."""
    timestamp = str(int(now.timestamp()))
    signed = f"{webhook.message_id}.{timestamp}.{webhook.body}".encode()
    signature = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": webhook.message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def read_secret(text: str) -> bytes:
    """The key of `webhooks.secret`, which is `whsec_` and 24 to 64 bytes in base64.

    Raises:
        SettingsError: it is not.
    """
    try:
        secret = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        secret = b""
    if not text.startswith(SECRET_PREFIX) or not 24 <= len(secret) <= 64:
        raise SettingsError(
            f"webhooks.secret is {SECRET_PREFIX} and 24 to 64 random bytes in base64, such as "
            f"`echo {SECRET_PREFIX}$(openssl rand -base64 32)` makes them."
        )
    return secret
