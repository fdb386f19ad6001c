"""What is malformed is refused, and harms nothing."""

from pathlib import Path

from tests.acceptance.hostile_uploads import send_archives, send_images
from tests.acceptance.server_process import server

IMAGES = 500
ARCHIVES = 100


async def test_malformed_images_are_refused_and_harm_nothing(tmp_path: Path) -> None:
    async with server(tmp_path / "data", script={}) as running:
        survival = await send_images(running, tmp_path, count=IMAGES)

    assert sum(survival.statuses.values()) == IMAGES
    assert (survival.server_errors, survival.unexplained, survival.stray_files) == (0, 0, [])
    assert set(survival.statuses) <= {200, 201, 413, 422}
    assert survival.statuses[422] > IMAGES / 4
    assert survival.works_afterwards


async def test_malformed_archives_are_refused_and_harm_nothing(tmp_path: Path) -> None:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    async with server(tmp_path / "data", script={}, settings={"input_roots": [str(inputs)]}) as running:
        survival = await send_archives(running, tmp_path, inputs, count=ARCHIVES)

    assert sum(survival.statuses.values()) == ARCHIVES
    assert (survival.server_errors, survival.unexplained, survival.stray_files) == (0, 0, [])
    assert set(survival.statuses) <= {202, 413, 422}
    assert survival.works_afterwards
