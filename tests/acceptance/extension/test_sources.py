"""The sources of the extension, read: words in both languages, and no script but its own files."""

import json
import re
from pathlib import Path

import pytest

from extension.build import SOURCE, build_folder, manifest_of

BROWSERS = ("chromium", "firefox")
LANGUAGES = ("en", "pt")
#: Sentences that only the manifest names, or that are made of a state, a setting or a code.
_NAMED_BY_MANIFEST = re.compile(r"__MSG_(\w+)__")
_USED = re.compile(r"""["'`]((?:view|page|bg)_\w+)["'`]""")
_DECLARED = re.compile(r'data-t(?:-label)?="(\w+)"')
_MADE = re.compile(r"`((?:view|page|bg)_\w*)\$\{")
_MADE_TO_SAY = re.compile(r"\bsay\(`(\w+)\$\{")
_SAID = re.compile(r"""\bsay\((["'])(\w+)\1""")


def _messages(language: str) -> dict[str, dict[str, str]]:
    text = (SOURCE / "_locales" / language / "messages.json").read_text(encoding="utf-8")
    messages: dict[str, dict[str, str]] = json.loads(text)
    return messages


def _sources(*suffixes: str) -> dict[str, str]:
    folders = ("background", "content", "shared", "views")
    return {
        path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted((SOURCE / folder).rglob("*"))
        if path.suffix in suffixes
    }


def _gaps(text: str) -> list[str]:
    """What is filled into a sentence; of "one|many" either half may leave something out."""
    return sorted(set(re.findall(r"\{\w+\}|\$\d", text)))


def test_both_languages_have_the_same_sentences_with_the_same_gaps() -> None:
    gaps = {
        language: {key: _gaps(each["message"]) for key, each in _messages(language).items()} for language in LANGUAGES
    }

    assert gaps["en"] == gaps["pt"]


def _used_in(name: str, text: str) -> set[str]:
    prefix = "page" if name.startswith("content/") else "bg"
    said = {f"{prefix}_{key}" for _, key in _SAID.findall(text)}
    return {*_USED.findall(text), *_DECLARED.findall(text), *said}


def test_every_sentence_that_is_used_exists() -> None:
    known = set(_messages("en"))
    missing = {name: sorted(_used_in(name, text) - known) for name, text in _sources(".js", ".html").items()}

    assert missing == {name: [] for name in missing}


def test_every_sentence_is_used() -> None:
    sources = _sources(".js", ".html")
    text = "\n".join(sources.values())
    used = {key for name, each in sources.items() for key in _used_in(name, each)}
    used |= {name for browser in BROWSERS for name in _NAMED_BY_MANIFEST.findall(json.dumps(manifest_of(browser)))}
    made = tuple(start for start in _MADE.findall(text) if start not in ("view_", "page_", "bg_"))
    made += tuple(f"bg_{start}" for start in _MADE_TO_SAY.findall(text))
    # Background and content script keep names of sentences in tables, without their prefix.
    quoted = {f"{kind}_{name}" for kind in ("bg", "page") for name in re.findall(r"""["'`](\w+)["'`]""", text)}

    assert [key for key in _messages("en") if key not in used | quoted and not key.startswith(made)] == []


def test_every_state_of_a_page_has_a_word_in_the_popup() -> None:
    states = re.search(r"PAGE_STATES = Object.freeze\(\[(.*?)\]", _sources(".js")["shared/messages.js"], re.DOTALL)
    assert states is not None
    words = {f"view_state_{state}" for state in re.findall(r'"(\w+)"', states[1])}

    assert words <= set(_messages("en"))


@pytest.mark.parametrize("name", sorted(_sources(".html")))
def test_no_document_has_a_script_or_a_style_of_its_own(name: str) -> None:
    text = _sources(".html")[name]

    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|https?://(?!127\.0\.0\.1)", text) == []


@pytest.mark.parametrize("browser", BROWSERS)
def test_the_policy_allows_scripts_of_the_extension_only_and_does_not_turn_http_into_https(browser: str) -> None:
    policy = manifest_of(browser)["content_security_policy"]["extension_pages"]

    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "upgrade-insecure-requests" not in policy


def test_no_source_makes_code_out_of_text() -> None:
    found = {
        name: re.findall(r"\beval\(|new Function\(|\.innerHTML\b|insertAdjacentHTML|document\.write", text)
        for name, text in _sources(".js").items()
    }

    assert found == {name: [] for name in found}


@pytest.mark.parametrize("browser", BROWSERS)
def test_every_file_that_a_build_names_is_in_it(browser: str, tmp_path: Path) -> None:
    folder = build_folder(browser, tmp_path / browser)
    manifest = (folder / "manifest.json").read_text(encoding="utf-8")
    named = {folder / path for path in re.findall(r'"([\w/.-]+\.(?:js|html|png))"', manifest)}
    for path in [*folder.rglob("*.html"), *folder.rglob("*.js")]:
        pattern = r'(?:src|href)="([^"#:]+)"' if path.suffix == ".html" else r'(?:from|import) "(\.[^"]+)"'
        named |= {(path.parent / name).resolve() for name in re.findall(pattern, path.read_text(encoding="utf-8"))}

    assert [str(path.relative_to(folder)) for path in sorted(named) if not path.is_file()] == []


def test_the_readme_names_a_source_of_every_rule_for_a_site() -> None:
    rules = re.findall(r'\{ name: "(.+?)"', _sources(".js")["content/sites.js"])
    readme = " ".join((SOURCE / "README.md").read_text(encoding="utf-8").split())

    assert rules
    assert [name for name in rules if not re.search(rf"\b{name}: `[\w/.]+`", readme)] == []
