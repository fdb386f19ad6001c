"""Mozilla's linter on the builds of both browsers."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from extension.build import REPOSITORY, build_folder

#: What the linter, which knows Firefox only, says of what is Chromium's.
EXPECTED = {"chromium": ["BACKGROUND_SERVICE_WORKER_IGNORED", "MANIFEST_PERMISSIONS"], "firefox": []}


@pytest.mark.parametrize("browser", EXPECTED)
async def test_the_linter_finds_nothing_wrong(browser: str, tmp_path: Path) -> None:
    tools = REPOSITORY / ".tools" / "node_modules" / ".bin"
    program = shutil.which("web-ext", path=str(tools)) or shutil.which("web-ext")
    if program is None:
        pytest.skip("web-ext is not installed (make extension-tools, which wants npm)")
    folder = build_folder(browser, tmp_path / browser)
    process = await asyncio.create_subprocess_exec(
        *(program, "lint", "--source-dir", str(folder), "--output", "json", "--no-config-discovery"),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    report = json.loads(output)

    assert report["errors"] == []
    assert sorted(found["code"] for found in report["warnings"]) == EXPECTED[browser]
