"""Firefox without a window to be seen, spoken to by WebDriver BiDi, with the extension in it."""

import asyncio
import itertools
import json
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

#: Seconds that anything in Firefox may take, a chapter on the server included; the machine may have two busy cores.
PATIENCE = 120
#: The address of the extension's pages; Firefox makes one up unless it is told.
UUID = "7c1d3a52-5f0e-4b57-9d5c-3e1f6a2b4c8d"
#: Hosts that are this machine to Firefox, and that no extension may read before the person says so.
HOSTS = READER_HOST, CDN_HOST, OTHER_HOST = ("reader.example", "cdn.example", "other.example")
#: What runs in the window around the tabs.
WINDOW_SCRIPT = Path(__file__).with_name("firefox_window.js")
#: The folder of downloads, in the folder of the profile.
DOWNLOADS = "downloads"


class Firefox:
    """One running Firefox, and the connection to it.

    `window` names the browser's own window, in which `around` is what firefox_window.js says; everything else that is a
    context is a tab.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, profile: Path) -> None:
        self.downloads = profile / DOWNLOADS
        self.window = ""
        self._socket = socket
        self._numbers = itertools.count(1)
        self._quiet = ""

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

    async def begin(self) -> None:
        """Opens the session, and enters the browser's own window."""
        await self.command("session.new", capabilities={})
        windows = (await self.command("browsingContext.getTree", **{"moz:scope": "chrome"}))["contexts"]
        self.window = windows[0]["context"]
        script = WINDOW_SCRIPT.read_text(encoding="utf-8")
        await self.command("script.evaluate", expression=script, target={"context": self.window}, awaitPromise=False)

    async def install(self, folder: Path) -> None:
        """Installs the unpacked extension, until Firefox ends."""
        await self.command("webExtension.install", extensionData={"type": "path", "path": str(folder)})

    async def open(self, url: str) -> str:
        """A new tab on a page, which is in front; its name."""
        context = str((await self.command("browsingContext.create", type="tab"))["context"])
        await self.go(context, url)
        return context

    async def go(self, context: str, url: str) -> None:
        """Leads a tab to a page, and waits until it is loaded."""
        # The end of a navigation into the extension, which is another process, is never told.
        await self.command("browsingContext.navigate", context=context, url=url, wait="none")
        await self.until(context, f"location.href === {json.dumps(url)} && document.readyState === 'complete'")

    async def close(self, context: str) -> None:
        await self.command("browsingContext.close", context=context)

    async def pages(self) -> list[str]:
        """The addresses of all tabs."""
        return [tab["url"] for tab in (await self.command("browsingContext.getTree"))["contexts"]]

    async def evaluate(self, context: str, expression: str) -> Any:
        """The value of an expression in a tab or in the window, which has to be JSON."""
        result = await self.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": context},
            awaitPromise=True,
        )
        assert result["type"] == "success", result
        return json.loads(result["result"]["value"])

    async def until(self, context: str, condition: str) -> None:
        """Waits for an expression to be true in a tab or in the window."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    if await self.evaluate(context, f"(async () => Boolean(await ({condition})))()"):
                        return
                except AssertionError:
                    pass  # between two documents there is nothing to ask
                await asyncio.sleep(0.1)

    async def click(self, context: str, selector: str) -> None:
        """Clicks an element of a tab with the mouse."""
        await self.evaluate(context, f"void document.querySelector({json.dumps(selector)}).scrollIntoView()")
        origin = {"type": "element", "element": await self._node(context, selector)}
        moved = {"type": "pointerMove", "x": 0, "y": 0, "origin": origin}
        pressed = [{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp")]
        await self._act(context, {"type": "pointer", "id": "mouse", "actions": [moved, *pressed]})

    async def type(self, context: str, selector: str, text: str) -> None:
        """Types into a field of a tab what is then all that is in it."""
        await self.click(context, selector)
        await self.evaluate(context, f"void document.querySelector({json.dumps(selector)}).select()")
        for letter in text:
            await self.key(context, "keyDown", letter)
            await self.key(context, "keyUp", letter)

    async def key(self, context: str, action: str, key: str) -> None:
        """Presses (`keyDown`) or lets go (`keyUp`) of a key in a tab."""
        await self._act(context, {"type": "key", "id": "keyboard", "actions": [{"type": action, "value": key}]})

    async def told(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Sends a message as a view does; what the background answers, which has to be good."""
        text = f"browser.runtime.sendMessage({json.dumps(message)})"
        answer: dict[str, Any] = await self.evaluate(await self._quiet_tab(), text)
        assert answer["ok"], answer
        return answer

    async def tab_id(self, url: str) -> int:
        """The number that the extension knows a tab by, of a site that it may read."""
        query = f"browser.tabs.query({{}}).then((tabs) => tabs.filter((tab) => tab.url === {json.dumps(url)}))"
        (tab,) = await self.evaluate(await self._quiet_tab(), query)
        return int(tab["id"])

    async def _quiet_tab(self) -> str:
        """A tab behind all others, on a page of the extension that runs no script of ours."""
        if not self._quiet:
            created = await self.command("browsingContext.create", type="tab", background=True)
            self._quiet = created["context"]
            await self.go(self._quiet, address("manifest.json"))
        return self._quiet

    async def _act(self, context: str, source: Mapping[str, Any]) -> None:
        await self.command("input.performActions", context=context, actions=[source])

    async def _node(self, context: str, selector: str) -> dict[str, str]:
        locator = {"type": "css", "value": selector}
        found = await self.command("browsingContext.locateNodes", context=context, locator=locator, maxNodeCount=1)
        return {"sharedId": found["nodes"][0]["sharedId"]}


def address(path: str) -> str:
    """Of a file of the extension."""
    return f"moz-extension://{UUID}/{path}"


@asynccontextmanager
async def running_firefox(profile: Path) -> AsyncIterator[Firefox]:
    """Firefox with a fresh profile in `profile`. Skips the test where there is none."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("Firefox is not installed (apt-get install firefox-esr)")
    (profile / DOWNLOADS).mkdir(parents=True)
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _preferences(profile).items()]
    (profile / "user.js").write_text("".join(lines), encoding="utf-8")
    # Pages of extensions, and the window, are out of reach of BiDi unless Firefox was started for it.
    arguments = ("--headless", "--no-remote", "--remote-debugging-port=0", "--remote-allow-system-access")
    process = await asyncio.create_subprocess_exec(
        program, *arguments, "--profile", str(profile), stdout=DEVNULL, stderr=PIPE
    )
    try:
        url = await _listening(process)
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/session", max_msg_size=0) as socket:
            firefox = Firefox(socket, profile)
            await firefox.begin()
            yield firefox
    finally:
        process.kill()
        await process.communicate()


def _preferences(profile: Path) -> dict[str, object]:
    return {
        "extensions.webextensions.uuids": json.dumps({"extension@mangaflux": UUID}),
        "browser.download.dir": str(profile / DOWNLOADS),
        "browser.download.folderList": 2,  # the one above
        "browser.shell.checkDefaultBrowser": False,
        "browser.startup.page": 0,
        "datareporting.policy.dataSubmissionEnabled": False,
        "network.dns.localDomains": ",".join(HOSTS),
        "remote.active-protocols": 1,
    }


async def _listening(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        async for line in process.stderr:
            if found := re.search(rb"WebDriver BiDi listening on (ws://\S+)", line):
                return found[1].decode()
    raise AssertionError("Firefox ended before it listened")
