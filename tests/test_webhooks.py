"""Clients are told of the end of their jobs: signed, in time, and again where they did not hear it."""

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from functools import partial

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from mangaflux.errors import SettingsError
from mangaflux.jobs import JobKind, Sender, Status
from mangaflux.outgoing import guarded_session
from mangaflux.settings import Network, OutgoingSettings, WebhookSettings
from mangaflux.storage import clock
from mangaflux.storage.outbox import Outbox
from mangaflux.webhooks import RETRY_AFTER, Courier, read_secret
from tests.storage.conftest import Stores, stores
from tests.web.conftest import StartServer, engine, engines, start_server
from tests.web.driving import accepted, finished, job_form, refused

__all__ = ["engine", "engines", "start_server", "stores"]

KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


class Listener:
    """An address that notes what it is sent, and answers as it is told."""

    def __init__(self) -> None:
        self.status = 204
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.url = ""
        self.was_told = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        self.heard.append((dict(request.headers), await request.read()))
        self.was_told.set()
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listening = Listener()
    app = web.Application()
    app.router.add_post("/hook", listening.answer)
    async with TestServer(app) as server:
        listening.url = str(server.make_url("/hook"))
        yield listening


def _courier(stores: Stores, networks: Sequence[Network] = LOOPBACK) -> Courier:
    open_session = partial(guarded_session, networks, 5.0)
    return Courier(Outbox(stores.database), stores.broker, KEY, open_session)


async def _end_a_job(stores: Stores, url: str | None) -> None:
    await stores.add_job("job_a", kind=JobKind.PASS1, sender=Sender(webhook_url=url))
    await stores.complete(await stores.claim())
    assert (await stores.jobs.get("job_a")).status is Status.COMPLETED


async def _waiting(stores: Stores) -> int:
    return len(await Outbox(stores.database).due(clock.now() + timedelta(days=30), 10))


async def test_the_end_of_a_job_is_told_signed_as_standard_webhooks_says(stores: Stores, listener: Listener) -> None:
    await _end_a_job(stores, listener.url)

    await _courier(stores).deliver_due(clock.now())

    ((headers, body),) = listener.heard
    message = json.loads(body)
    assert message["type"] == "job.completed"
    assert (message["data"]["job_id"], message["data"]["status"]) == ("job_a", "completed")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    signature = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{signature}"
    assert await _waiting(stores) == 0


async def test_a_cancelled_job_is_told_too(stores: Stores, listener: Listener) -> None:
    await stores.add_job("job_a", sender=Sender(webhook_url=listener.url))
    await stores.jobs.cancel("job_a")

    await _courier(stores).deliver_due(clock.now())

    assert json.loads(listener.heard[0][1])["type"] == "job.cancelled"


async def test_nobody_is_told_who_did_not_ask(stores: Stores) -> None:
    await _end_a_job(stores, None)

    assert await _waiting(stores) == 0


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_what_was_not_heard_is_told_again_later_with_the_same_id(
    stores: Stores, listener: Listener, status: int
) -> None:
    await _end_a_job(stores, listener.url)
    listener.status, now = status, clock.now()
    await _courier(stores).deliver_due(now)
    listener.status = 200

    await _courier(stores).deliver_due(now + RETRY_AFTER[0] - timedelta(seconds=1))
    assert len(listener.heard) == 1
    await _courier(stores).deliver_due(now + RETRY_AFTER[0])

    first, second = (headers["webhook-id"] for headers, _ in listener.heard)
    assert first == second
    assert await _waiting(stores) == 0


async def test_an_address_that_wants_nothing_more_is_left_alone(stores: Stores, listener: Listener) -> None:
    await _end_a_job(stores, listener.url)
    listener.status = 410

    await _courier(stores).deliver_due(clock.now())

    assert await _waiting(stores) == 0


async def test_after_the_last_try_a_message_is_given_up(stores: Stores, listener: Listener) -> None:
    await _end_a_job(stores, listener.url)
    listener.status, now = 500, clock.now()

    for _ in range(len(RETRY_AFTER) + 1):
        assert await _waiting(stores) == 1
        await _courier(stores).deliver_due(now)
        now += timedelta(days=1)

    assert await _waiting(stores) == 0
    assert len(listener.heard) == len(RETRY_AFTER) + 1


async def test_an_address_in_a_private_network_is_not_connected_to(stores: Stores, listener: Listener) -> None:
    await _end_a_job(stores, listener.url)

    await _courier(stores, networks=()).deliver_due(clock.now())

    assert listener.heard == []
    assert await _waiting(stores) == 1


async def test_a_job_sent_over_http_tells_its_end(
    start_server: StartServer, listener: Listener, page_png: bytes
) -> None:
    client = await start_server(
        webhooks=WebhookSettings(secret=SecretStr(SECRET)), outgoing=OutgoingSettings(allowed_networks=LOOPBACK)
    )
    form = job_form({"chapter_id": "c", "webhook_url": listener.url}, {"1.png": page_png})

    job = await finished(client, await accepted(await client.post("/v1/jobs/pass1", data=form)))
    async with asyncio.timeout(30):
        await listener.was_told.wait()

    assert json.loads(listener.heard[0][1])["data"]["job_id"] == job["job_id"]


async def test_without_a_secret_a_job_with_a_webhook_is_refused(start_server: StartServer, page_png: bytes) -> None:
    client = await start_server()
    form = job_form({"chapter_id": "c", "webhook_url": "https://example.org/hook"}, {"1.png": page_png})

    body = await refused(await client.post("/v1/jobs/pass1", data=form), 422, "invalid_request")

    assert "webhooks.secret" in body["message"]


NO_SECRETS = ["", "secret", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64", SECRET.removeprefix("whsec_")]


@pytest.mark.parametrize("text", NO_SECRETS)
def test_a_secret_that_is_none_is_refused_with_how_to_make_one(text: str) -> None:
    with pytest.raises(SettingsError, match="openssl"):
        read_secret(text)


def test_a_secret_is_read() -> None:
    assert read_secret(SECRET) == KEY


def test_the_secret_does_not_show_when_settings_are_printed() -> None:
    assert SECRET not in repr(WebhookSettings(secret=SecretStr(SECRET)))
