"""The pages for people as the server sends them: whole, small, from here alone, in two languages."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from mangaflux.errors import AttemptAbortedError, DataFolderError, MangaFluxError, ModelStoreError, SettingsError
from mangaflux.settings import ServerSettings
from mangaflux.web.error_middleware import CODE_OF_HTTP_ERROR
from mangaflux.web.studio import CONTENT_SECURITY_POLICY, static_files
from tests.web.conftest import StartServer
from tests.web.driving import Client, refused

STATIC = Path(__file__).parent.parent.parent / "mangaflux" / "web" / "static"
MAX_BYTES = 300_000


def _sources(*suffixes: str) -> dict[str, str]:
    return {name: file.body.decode() for name, file in static_files().items() if name.endswith(suffixes)}


def _sentences(language: str) -> dict[str, str]:
    return dict(re.findall(r'^  "([^"]+)": "(.*)",$', _sources(f"{language}.js")[f"js/strings/{language}.js"], re.M))


def test_all_pages_together_are_smaller_than_one_picture() -> None:
    assert sum(len(file.body) for file in static_files().values()) <= MAX_BYTES


def test_every_file_below_static_is_served() -> None:
    assert set(static_files()) == {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()}


def test_nothing_is_fetched_from_elsewhere() -> None:
    harmless = ("http://www.w3.org/2000/svg", "http://192.168.")
    found = {
        f"{name}: {address}"
        for name, text in _sources(".js", ".css", ".html", ".svg").items()
        for address in re.findall(r"https?://[\w.-]+[^\s\"'`)]*", text)
        if not address.startswith(harmless)
    }
    assert found == set()


def test_every_module_that_is_imported_exists() -> None:
    for name, text in _sources(".js").items():
        for imported in re.findall(r'(?:from|import) "(\.[^"]+)"', text):
            path = (STATIC / name).parent / imported
            assert path.resolve().relative_to(STATIC).as_posix() in static_files(), f"{name} imports {imported}"


def _reached(name: str, found: set[str]) -> set[str]:
    if name not in found:
        found.add(name)
        for imported in re.findall(r'(?:from|import) "(\.[^"]+)"', _sources(".js")[name]):
            _reached(((STATIC / name).parent / imported).resolve().relative_to(STATIC).as_posix(), found)
    return found


@pytest.mark.parametrize(("page", "script"), [("index.html", "js/app.js"), ("docs.html", "js/docs.js")])
def test_a_page_asks_for_all_its_modules_at_once(page: str, script: str) -> None:
    preloaded = set(re.findall(r'rel="modulepreload" href="/static/([^"]+)"', _sources(".html")[page]))

    assert preloaded == _reached(script, set()) - {script}


def test_both_languages_say_everything_with_the_same_values() -> None:
    english, portuguese = _sentences("en"), _sentences("pt")

    assert list(english) == list(portuguese)
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", portuguese[key])), key


def test_every_sentence_that_is_asked_for_exists_and_every_one_that_exists_is_asked_for() -> None:
    english = _sentences("en")
    code = "\n".join(text for name, text in _sources(".js").items() if not name.startswith("js/strings/"))
    asked = set(re.findall(r'\bt\((?:[^"`()]*\? )?"([^"]+)"', code))
    prefixes = (*re.findall(r"\b(?:t|has)\(`([\w.]+)\$", code), "problem.")

    assert {key for key in asked if key not in english} == set()
    assert {key for key in english if f'"{key}"' not in code and not key.startswith(prefixes)} == set()


def _codes(kind: type[MangaFluxError]) -> set[str]:
    return {kind.code}.union(*map(_codes, kind.__subclasses__()))


def test_every_code_that_the_server_may_answer_has_a_sentence() -> None:
    # Of the operator's own command line, and those that end an attempt or the process before anybody is told.
    never_told = _codes(SettingsError) | _codes(ModelStoreError) | _codes(DataFolderError) | {AttemptAbortedError.code}
    codes = {*_codes(MangaFluxError), *CODE_OF_HTTP_ERROR.values(), "crash_loop"} - never_told

    assert {code for code in codes if f"problem.{code}" not in _sentences("pt")} == set()


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_pages_come_with_a_policy_that_lets_nothing_foreign_in(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert (answer.status, answer.content_type, answer.charset) == (200, "text/html", "utf-8")
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        text = await answer.text()

    assert "default-src 'self'; img-src 'self' blob: data:" in CONTENT_SECURITY_POLICY
    # What the policy would stop: scripts and styles in the page itself.
    assert re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", text) is None


async def test_an_unchanged_file_is_not_sent_again_and_an_unknown_one_is_not_there(client: Client) -> None:
    async with client.get("/static/js/app.js") as answer:
        assert answer.content_type == "text/javascript"
        etag = answer.headers["ETag"]
    async with client.get("/static/js/app.js", headers={"If-None-Match": etag}) as again:
        assert again.status == 304

    for path in ("/static/js/none.js", "/static/..%2Fapp.py", "/static/js/../../app.py"):
        await refused(await client.get(path), 404, "not_found")


async def test_a_server_that_protects_reading_still_sends_the_page_that_asks_for_the_token(
    start_server: StartServer,
) -> None:
    client = await start_server(api_token=SecretStr("secret"), server=ServerSettings(token_for_reads=True))

    for path in ("/", "/docs", "/static/js/app.js"):
        async with client.get(path) as answer:
            assert answer.status == 200
    await refused(await client.get("/v1/jobs"), 401, "unauthorized")
