"""What the README says is true: its commands run, its map is complete."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from mangaflux.samples.chapter import draw_chapter, draw_reference
from tests.acceptance.server_process import server

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def _shell_blocks(heading: str) -> list[str]:
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def test_the_first_command_stands_before_line_35_and_the_whole_is_one_read() -> None:
    lines = README.splitlines()

    assert lines.index("```sh") < 35
    assert len(lines) < 200


def test_the_map_names_every_module_and_folder_of_the_package() -> None:
    parts = {path.name for path in (PROJECT / "mangaflux").iterdir() if not path.name.startswith("_")}
    folders = {name for name in parts if (PROJECT / "mangaflux" / name).is_dir()}

    missing = [name for name in parts if (f"{name}/" if name in folders else name) not in README]

    assert missing == []


def test_every_file_that_the_architecture_names_exists() -> None:
    text = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:tests|config|docs|benchmarks)/[\w./-]+)`", text)
    modules = re.findall(r"`((?:web|storage|engine)/\w+\.py|[a-z_]+\.py)`", text)

    missing = [path for path in named if not (PROJECT / path).exists()]
    missing += [path for path in modules if not (PROJECT / "mangaflux" / path).exists()]

    assert named
    assert modules
    assert missing == []


def test_the_pictures_of_the_readme_exist() -> None:
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (PROJECT / picture).is_file()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's examples use curl, which is not installed")
async def test_the_curl_examples_run_as_they_stand(tmp_path: Path) -> None:
    demo = tmp_path / "mangaflux-demo"
    (demo / "pages").mkdir(parents=True)
    for page in draw_chapter(3, 2, width=120, height=170):
        Image.fromarray(page.ink).save(demo / "pages" / f"page_{page.page_num:03d}.png")
    Image.fromarray(draw_reference(3, width=120, height=120)).save(demo / "style_reference.png")
    examples = "\n".join(_shell_blocks("Over HTTP"))

    async with server(tmp_path / "data", "--engine", "lite") as running:
        script = "set -eu\n" + examples.replace("http://127.0.0.1:8765", running.url)
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", script, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(60):
            output, errors = await process.communicate()

    assert process.returncode == 0, errors.decode()
    assert b"event: job.completed" in output
    with Image.open(demo / "page_001_colorized.png") as coloured:
        assert coloured.size == (120, 170)
    assert (demo / "chapter_001.cbz").stat().st_size > 0
