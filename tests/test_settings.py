import tomllib
from pathlib import Path

import pytest

from mangaflux.errors import SettingsError
from mangaflux.settings import Settings
from mangaflux.settings_sources import load_settings, setting_names

CONFIG_FILE = Path(__file__).parent.parent / "config" / "mangaflux.toml"


def _flat(values: dict[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def test_the_settings_file_lists_every_setting_with_its_default() -> None:
    listed = _flat(tomllib.loads(CONFIG_FILE.read_text(encoding="utf-8")))

    assert tuple(listed) == setting_names()
    assert load_settings(config_file=CONFIG_FILE, environment={}) == Settings()


def test_the_settings_file_gives_a_reason_above_every_setting() -> None:
    lines = CONFIG_FILE.read_text(encoding="utf-8").splitlines()
    settings = [number for number, line in enumerate(lines) if "=" in line and not line.startswith("#")]

    assert all(lines[number - 1].startswith("# ") for number in settings)


def test_flags_win_over_the_environment_and_the_environment_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[server]\nport = 1\n[limits]\nmax_pages = 1\nmax_pixels = 1\n")
    environment = {"MANGA_FLUX_LIMITS__MAX_PAGES": "2", "MANGA_FLUX_LIMITS__MAX_PIXELS": "2"}

    settings = load_settings(config_file=file, environment=environment, flags={"limits.max_pixels": 3})

    assert (settings.server.port, settings.limits.max_pages, settings.limits.max_pixels) == (1, 2, 3)


def test_an_unknown_name_in_the_file_proposes_the_nearest(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[limits]\nmax_page = 10\n")

    with pytest.raises(SettingsError, match=r"limits\.max_page in settings.toml .* Did you mean limits\.max_pages\?"):
        load_settings(config_file=file, environment={})


def test_an_unknown_name_in_the_environment_proposes_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"Did you mean MANGA_FLUX_API_TOKEN\?"):
        load_settings(environment={"MANGA_FLUX_API_TOKN": "x"})


def test_a_key_outside_its_section_proposes_the_section() -> None:
    with pytest.raises(SettingsError, match=r"Did you mean MANGA_FLUX_LIMITS__MAX_PAGES\?"):
        load_settings(environment={"MANGA_FLUX_MAX_PAGES": "3"})


def test_a_value_out_of_range_names_its_setting() -> None:
    with pytest.raises(SettingsError, match=r"server\.port"):
        load_settings(environment={"MANGA_FLUX_SERVER__PORT": "99999"})


def test_a_missing_settings_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no settings file .*absent\.toml"):
        load_settings(config_file=tmp_path / "absent.toml", environment={})


def test_listening_beyond_loopback_without_a_token_is_refused() -> None:
    with pytest.raises(SettingsError, match="MANGA_FLUX_API_TOKEN"):
        load_settings(environment={"MANGA_FLUX_SERVER__HOST": "0.0.0.0"})


def test_beyond_loopback_the_token_covers_reads() -> None:
    environment = {"MANGA_FLUX_SERVER__HOST": "0.0.0.0", "MANGA_FLUX_API_TOKEN": "secret"}

    assert load_settings(environment=environment).token_covers_reads


def test_the_variables_of_the_test_pages_are_not_settings() -> None:
    assert load_settings(environment={"MANGA_FLUX_TEST_PAGES": "x"}) == Settings()


def test_the_token_does_not_show_when_settings_are_printed() -> None:
    settings = load_settings(environment={"MANGA_FLUX_API_TOKEN": "very-secret"})

    assert "very-secret" not in repr(settings)


@pytest.mark.parametrize(("text", "roots"), [("", ()), ("/a:", (Path("/a"),))])
def test_an_empty_input_root_opens_nothing(text: str, roots: tuple[Path, ...]) -> None:
    assert load_settings(environment={"MANGA_FLUX_INPUT_ROOTS": text}).input_roots == roots


def test_input_roots_in_the_environment_are_separated_like_path() -> None:
    settings = load_settings(environment={"MANGA_FLUX_INPUT_ROOTS": "/a:/b"})

    assert settings.input_roots == (Path("/a"), Path("/b"))


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text("a token of enough characters\n")
    file.chmod(0o600)
    return file


def test_the_token_may_be_in_a_file(token_file: Path) -> None:
    settings = load_settings(environment={"MANGA_FLUX_API_TOKEN_FILE": str(token_file)})

    assert settings.api_token.get_secret_value() == "a token of enough characters"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_token_file_that_others_may_use_is_refused(token_file: Path, mode: int) -> None:
    token_file.chmod(mode)

    with pytest.raises(SettingsError, match="chmod 600"):
        load_settings(environment={"MANGA_FLUX_API_TOKEN_FILE": str(token_file)})


def test_a_token_file_without_a_token_is_refused(token_file: Path) -> None:
    token_file.write_text("\n")

    with pytest.raises(SettingsError, match="holds no token"):
        load_settings(environment={"MANGA_FLUX_API_TOKEN_FILE": str(token_file)})


def test_a_token_file_that_is_not_there_is_told_how_to_make(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="umask 077"):
        load_settings(environment={"MANGA_FLUX_API_TOKEN_FILE": str(tmp_path / "absent")})


def test_a_token_is_given_one_way_only(token_file: Path) -> None:
    environment = {"MANGA_FLUX_API_TOKEN_FILE": str(token_file), "MANGA_FLUX_API_TOKEN": "another"}

    with pytest.raises(SettingsError, match="both set"):
        load_settings(environment=environment)


def test_words_of_the_environment_are_separated_by_commas() -> None:
    environment = {
        "MANGA_FLUX_SERVER__ALLOWED_ORIGINS": "https://Reader.example, chrome-extension://abc",
        "MANGA_FLUX_OUTGOING__ALLOWED_NETWORKS": "192.168.1.0/24,fd00::/8",
    }

    settings = load_settings(environment=environment)

    assert settings.server.allowed_origins == ("https://reader.example", "chrome-extension://abc")
    assert [str(network) for network in settings.outgoing.allowed_networks] == ["192.168.1.0/24", "fd00::/8"]


@pytest.mark.parametrize("origin", ["*", "null", "reader.example", "https://reader.example/", "https://a@b"])
def test_what_is_no_origin_cannot_be_listed(origin: str) -> None:
    with pytest.raises(SettingsError, match="allowed_origins"):
        load_settings(environment={"MANGA_FLUX_SERVER__ALLOWED_ORIGINS": origin})


@pytest.mark.parametrize("key", ["short", "with spaces in it all", "slash/slash/slash/slash", "ü" * 20, "x" * 129])
def test_a_key_that_fits_no_address_is_refused(key: str) -> None:
    with pytest.raises(SettingsError, match="mit_key"):
        load_settings(environment={"MANGA_FLUX_COMPATIBILITY__MIT_KEY": key})


def test_the_key_of_addresses_is_not_the_token() -> None:
    environment = {"MANGA_FLUX_API_TOKEN": "0123456789abcdef", "MANGA_FLUX_COMPATIBILITY__MIT_KEY": "0123456789abcdef"}

    with pytest.raises(SettingsError, match="a secret of its own"):
        load_settings(environment=environment)


def test_the_key_of_addresses_does_not_show_when_settings_are_printed() -> None:
    settings = load_settings(environment={"MANGA_FLUX_COMPATIBILITY__MIT_KEY": "0123456789abcdef"})

    assert "0123456789abcdef" not in repr(settings)
