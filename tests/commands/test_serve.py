import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from mangaflux.commands.console import open_terminal
from mangaflux.commands.serve import serve
from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.registry import EngineRegistry
from mangaflux.settings import ServerSettings, Settings
from tests.commands.driving import DEADLINE_SECONDS, get, next_line, run_cli, server_process, url_in
from tests.small_pages import page_bytes

#: A server whose engine does not come back when it is told to stop.
STUBBORN_SERVER = """
import sys
from pathlib import Path
from mangaflux.commands.console import open_terminal
from mangaflux.commands.serve import serve
from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.registry import EngineRegistry
from mangaflux.settings_sources import load_settings
engine = FakeEngine(seconds_per_step=600, ignore_abort=True)
settings = load_settings(environment={}, flags={
    "data_dir": Path(sys.argv[1]), "server.port": 0, "engine": "fake", "worker.drain_timeout_seconds": 0.5})
sys.exit(serve(settings, EngineRegistry({"fake": engine}, {}, default="fake"), open_terminal()))
"""


class BreakingRegistry(EngineRegistry):
    """Breaks the worker with an error that nobody foresaw."""

    def resolve(self, name: str | None) -> str:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return super().resolve(name)
        raise ZeroDivisionError("the worker was told to break")


def serve_arguments(data_dir: Path) -> list[str | Path]:
    return ["serve", "--port", "0", "--engine", "fake", "--data-dir", data_dir]


def start_page(url: str, page: bytes, style: bytes) -> str:
    """Sends a two-pass job; its events as the URL."""
    ids = []
    for data in (page, style):
        request = urllib.request.Request(f"{url}/v1/assets", data, {"Content-Type": "image/png"})
        with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as response:
            ids.append(json.load(response)["asset_id"])
    body = json.dumps({"chapter_id": "c", "pages": [ids[0]], "style_reference": ids[1]}).encode()
    request = urllib.request.Request(f"{url}/v1/jobs/two-pass", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as response:
        return url + str(json.load(response)["links"]["events"])


def wait_for_event(events_url: str, wanted: bytes) -> None:
    with urllib.request.urlopen(events_url, timeout=DEADLINE_SECONDS) as stream:
        assert any(wanted in line for line in stream)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_tells_its_url_serves_and_ends_with_0_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with server_process(serve_arguments(tmp_path / "data")) as server:
        url = url_in(next_line(server))
        assert "engine fake is warm" in next_line(server)
        assert get(f"{url}/readyz")[0] == 200

        server.send_signal(number)

        assert server.wait(timeout=DEADLINE_SECONDS) == 0


def test_a_second_server_on_the_same_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    with server_process(serve_arguments(tmp_path / "data")) as first:
        url_in(next_line(first))
        with server_process(serve_arguments(tmp_path / "data")) as second:
            _, told = second.communicate(timeout=DEADLINE_SECONDS)

    assert second.returncode == 2
    assert told.count("\n") == 1
    assert "Another MangaFlux uses the data folder" in told


def test_a_port_in_use_is_refused_with_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        code = run_cli("serve", "--port", str(port), "--engine", "fake", "--data-dir", tmp_path / "data")

    assert code == 2
    assert f"port {port}: Address already in use" in capsys.readouterr().err


def test_a_server_whose_engine_lacks_weights_serves_and_says_what_mends_it(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text(f'models_dir = "{tmp_path}"\n[flux]\ndevice = "cpu"\n')
    place: list[str | Path] = ["--data-dir", tmp_path / "data", "--config", config]
    with server_process(["serve", "--port", "0", "--engine", "flux", *place]) as server:
        url = url_in(next_line(server))
        assert "mangaflux models pull flux2-klein-4b" in next_line(server)
        with pytest.raises(urllib.error.HTTPError) as unready:
            get(f"{url}/readyz")
        assert unready.value.code == 503
        assert "mangaflux models pull" in json.load(unready.value)["reasons"][0]
        engines = {engine["name"]: engine for engine in json.loads(get(f"{url}/v1/engines")[1])["engines"]}
        assert engines["flux"]["fix"] == "run `mangaflux models pull flux2-klein-4b`"
        assert engines["lite"]["available"]


def test_a_failing_worker_stops_the_server_with_1_and_a_critical_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data_dir=tmp_path / "data", server=ServerSettings(port=0))
    engines = BreakingRegistry({"fake": FakeEngine()}, {}, default="fake")

    assert serve(settings, engines, open_terminal()) == 1

    assert any(record.levelname == "CRITICAL" for record in caplog.records)


def test_a_page_that_does_not_stop_is_left_and_the_server_ends_with_75(tmp_path: Path, style_png: bytes) -> None:
    with server_process([tmp_path / "data"], code=STUBBORN_SERVER) as server:
        url = url_in(next_line(server))
        wait_for_event(start_page(url, page_bytes(1), style_png), b"denoising")

        server.terminate()

        assert server.wait(timeout=DEADLINE_SECONDS) == 75


def test_a_second_signal_does_not_wait(tmp_path: Path, style_png: bytes) -> None:
    code = STUBBORN_SERVER.replace('"worker.drain_timeout_seconds": 0.5', f'"worker.drain_timeout_seconds": {10_000}')
    with server_process([tmp_path / "data"], code=code) as server:
        url = url_in(next_line(server))
        wait_for_event(start_page(url, page_bytes(1), style_png), b"denoising")

        # Signals of one number may melt into one, so the second is sent until it is heard.
        deadline = time.monotonic() + DEADLINE_SECONDS
        while server.poll() is None and time.monotonic() < deadline:
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(timeout=0.2)

        assert server.poll() == 75
