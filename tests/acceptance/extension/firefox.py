"""Firefox without a window, spoken to by WebDriver BiDi, with the extension in it."""

import asyncio
import itertools
import json
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

#: Seconds that anything in Firefox may take; the machine may have two busy cores.
PATIENCE = 60
#: The address of the extension's pages; Firefox makes one up unless it is told.
UUID = "7c1d3a52-5f0e-4b57-9d5c-3e1f6a2b4c8d"
_PREFERENCES = {
    "extensions.webextensions.uuids": json.dumps({"extension@mangaflux": UUID}),
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "remote.active-protocols": 1,
}


class Firefox:
    """One running Firefox, and the connection to it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    async def command(self, method: str, **parameters: object) -> Any:
        """The result of a command of BiDi. Raises AssertionError where Firefox refuses it."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self._socket.receive_json()
                if message.get("id") == number:
                    assert message["type"] == "success", f"{method}: {message}"
                    return message["result"]

    async def install(self, folder: Path) -> None:
        """Installs the unpacked extension, until Firefox ends."""
        await self.command("webExtension.install", extensionData={"type": "path", "path": str(folder)})

    async def open(self, url: str) -> str:
        """A new tab on a page; its name."""
        context = str((await self.command("browsingContext.create", type="tab"))["context"])
        await self.go(context, url)
        return context

    async def go(self, context: str, url: str) -> None:
        """Leads a tab to a page, and waits until it is loaded."""
        # The end of a navigation into the extension, which is another process, is never told.
        await self.command("browsingContext.navigate", context=context, url=url, wait="none")
        await self.until(context, f"location.href === {json.dumps(url)} && document.readyState === 'complete'")

    async def pages(self) -> list[str]:
        """The addresses of all tabs."""
        return [tab["url"] for tab in (await self.command("browsingContext.getTree"))["contexts"]]

    async def evaluate(self, context: str, expression: str) -> Any:
        """The value of an expression in a tab, which has to be JSON, as if it was a click that asked."""
        result = await self.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": context},
            awaitPromise=True,
            userActivation=True,
        )
        assert result["type"] == "success", result
        return json.loads(result["result"]["value"])

    async def until(self, context: str, condition: str) -> None:
        """Waits for an expression to be true in a tab."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    if await self.evaluate(context, f"Boolean({condition})"):
                        return
                except AssertionError:
                    pass  # between two documents there is nothing to ask
                await asyncio.sleep(0.1)


def address(path: str) -> str:
    """Of a file of the extension."""
    return f"moz-extension://{UUID}/{path}"


@asynccontextmanager
async def running_firefox(profile: Path) -> AsyncIterator[Firefox]:
    """Firefox with a fresh profile in `profile`. Skips the test where there is none."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("Firefox is not installed (apt-get install firefox-esr)")
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _PREFERENCES.items()]
    (profile / "user.js").write_text("".join(lines), encoding="utf-8")
    # Pages of extensions are out of reach of BiDi unless Firefox was started for it.
    arguments = ("--headless", "--no-remote", "--remote-debugging-port=0", "--remote-allow-system-access")
    process = await asyncio.create_subprocess_exec(
        program, *arguments, "--profile", str(profile), stdout=DEVNULL, stderr=PIPE
    )
    try:
        url = await _listening(process)
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/session", max_msg_size=0) as socket:
            firefox = Firefox(socket)
            await firefox.command("session.new", capabilities={})
            yield firefox
    finally:
        process.kill()
        await process.communicate()


async def _listening(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        async for line in process.stderr:
            if found := re.search(rb"WebDriver BiDi listening on (ws://\S+)", line):
                return found[1].decode()
    raise AssertionError("Firefox ended before it listened")
