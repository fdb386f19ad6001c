"""The logic of the extension that needs no browser, tested by Node's own runner."""

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = sorted((Path(__file__).parent / "units").glob("*.test.mjs"))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_logic_that_needs_no_browser_holds_in_node(path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("these tests are run by Node, which is not installed (apt-get install nodejs)")
    ran = subprocess.run([node, "--test", str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
