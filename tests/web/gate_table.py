"""Who may call: requests as browsers and programs make them, and what a guarded server answers.

Served by tests of the gates alone, and by acceptance tests of a whole server. {host} is the server's own address.
"""

from dataclasses import dataclass, field

TOKEN = "correct horse battery staple"
LISTED_PAGE = "https://reader.example"
LISTED_EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
ALLOWED_HOST = "manga.example"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

ALLOWED, WRONG_HOST, WRONG_ORIGIN, NO_TOKEN = "", "host_not_allowed", "origin_not_allowed", "unauthorized"


@dataclass(frozen=True)
class Call:
    """One request, and the code of the refusal it gets; an empty code: it is let through."""

    name: str
    code: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    sends_token: bool = True

    def filled(self, host: str) -> dict[str, str]:
        """Its headers for a server at this host and port."""
        headers = {name: value.replace("{host}", host) for name, value in self.headers.items()}
        return headers | (BEARER if self.sends_token else {})


def _host(value: str, code: str = WRONG_HOST) -> Call:
    return Call(f"host {value!r}", code, headers={"Host": value})


def _write(name: str, code: str, *, sends_token: bool = True, **headers: str) -> Call:
    return Call(name, code, "POST", _named(headers), sends_token)


def _read(name: str, code: str, *, sends_token: bool = True, **headers: str) -> Call:
    return Call(name, code, "GET", _named(headers), sends_token)


def _named(headers: dict[str, str]) -> dict[str, str]:
    names = {"origin": "Origin", "site": "Sec-Fetch-Site", "mode": "Sec-Fetch-Mode", "dest": "Sec-Fetch-Dest"}
    return {names[name]: value for name, value in headers.items()}


HOSTS = [
    _host("localhost", ALLOWED),
    _host("LOCALHOST:1", ALLOWED),
    _host("localhost.:8765", ALLOWED),
    _host("127.0.0.1", ALLOWED),
    _host("[::1]:8765", ALLOWED),
    _host("192.168.1.20:8765", ALLOWED),
    _host(ALLOWED_HOST, ALLOWED),
    _host("evil.example"),
    _host("localhost.evil.example"),
    _host("evil-localhost"),
    _host(f"sub.{ALLOWED_HOST}"),
    _host("127.0.0.1.evil.example"),
    _host("127.0.0.1@evil.example"),
    _host("evil.example#localhost"),
    _host("localhost/evil.example"),
    _host("localhost:evil"),
    _host("127.1"),
    _host("2130706433"),
    _host("0x7f000001"),
    _host("[::1"),
    _host("localhost,evil.example"),
]

PROGRAMS = [
    _write("a program writes with the token", ALLOWED),
    _write("a program writes without the token", NO_TOKEN, sends_token=False),
    _read("a program reads without the token", NO_TOKEN, sends_token=False),
]

PAGES = [
    _write("our page writes", ALLOWED, origin="http://{host}", site="same-origin"),
    _write("our page writes through a proxy that speaks TLS", ALLOWED, origin="https://{host}", site="same-origin"),
    _write("our page's origin from another site", WRONG_ORIGIN, origin="http://{host}", site="cross-site"),
    _write("another port of this machine writes", WRONG_ORIGIN, origin="http://127.0.0.1:1", site="same-site"),
    _write("another site writes", WRONG_ORIGIN, origin="https://evil.example", site="cross-site"),
    _write("another site without fetch metadata writes", WRONG_ORIGIN, origin="https://evil.example"),
    _write("a sandboxed frame writes", WRONG_ORIGIN, origin="null", site="cross-site"),
    _write("a file writes", WRONG_ORIGIN, origin="null"),
    _write("origin null that says it is ours", WRONG_ORIGIN, origin="null", site="same-origin"),
    _write("fetch metadata of another site without origin", WRONG_ORIGIN, site="cross-site"),
    _write("fetch metadata of a sibling without origin", WRONG_ORIGIN, site="same-site"),
    _write(
        "a form of another site is sent by a click", WRONG_ORIGIN, site="cross-site", mode="navigate", dest="document"
    ),
    _write("an empty origin", WRONG_ORIGIN, origin=""),
    _write("an origin that only begins like ours", WRONG_ORIGIN, origin="http://{host}.evil.example"),
    _write("an origin with a user that looks like us", WRONG_ORIGIN, origin="http://{host}@evil.example"),
    _write("an origin of another scheme", WRONG_ORIGIN, origin="ftp://{host}"),
    _write("a listed page writes", ALLOWED, origin=LISTED_PAGE, site="cross-site"),
    _write("a listed page writes without the token", NO_TOKEN, sends_token=False, origin=LISTED_PAGE),
    _write("a listed page over http", WRONG_ORIGIN, origin="http://reader.example", site="cross-site"),
    _write("a page below a listed one", WRONG_ORIGIN, origin=f"{LISTED_PAGE}.evil.example", site="cross-site"),
    _write("another port of a listed page", WRONG_ORIGIN, origin=f"{LISTED_PAGE}:8443", site="cross-site"),
]

READS = [
    _read("our page reads", ALLOWED, site="same-origin", mode="cors"),
    _read("a person types the address", ALLOWED, site="none", mode="navigate", dest="document"),
    _read("a person follows a link of another site", ALLOWED, site="cross-site", mode="navigate", dest="document"),
    _read("an extension downloads with the token", ALLOWED, site="cross-site", mode="navigate", dest="empty"),
    _read(
        "a site offers a download", WRONG_ORIGIN, sends_token=False, site="cross-site", mode="navigate", dest="empty"
    ),
    _write("a download that writes", WRONG_ORIGIN, site="cross-site", mode="navigate", dest="empty"),
    _read("another site frames us", WRONG_ORIGIN, site="cross-site", mode="navigate", dest="iframe"),
    _read("another site embeds an image", WRONG_ORIGIN, site="cross-site", mode="no-cors", dest="image"),
    _read("another port of this machine embeds an image", WRONG_ORIGIN, site="same-site", mode="no-cors", dest="image"),
    _read("another site fetches", WRONG_ORIGIN, origin="https://evil.example", site="cross-site", mode="cors"),
    _read("a listed page fetches", ALLOWED, origin=LISTED_PAGE, site="cross-site", mode="cors"),
]

EXTENSIONS = [
    _read("an extension of Chrome reads", ALLOWED, site="none"),
    _read("an extension of Firefox reads", ALLOWED, site="same-origin"),
    _write("a listed extension writes", ALLOWED, origin=LISTED_EXTENSION, site="none"),
    _write("a listed extension without the token", NO_TOKEN, sends_token=False, origin=LISTED_EXTENSION, site="none"),
    _write("an unlisted extension writes with the token", ALLOWED, origin="moz-extension://0b1c", site="cross-site"),
    _write("an unlisted extension without the token", WRONG_ORIGIN, sends_token=False, origin="moz-extension://0b1c"),
    _write("a page that calls itself an extension", WRONG_ORIGIN, origin="https://chrome-extension.example"),
]

CALLS = [*HOSTS, *PROGRAMS, *PAGES, *READS, *EXTENSIONS]
