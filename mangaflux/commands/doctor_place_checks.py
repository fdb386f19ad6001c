"""What a server needs of the machine: cores, settings, a folder, a port, and no open door."""

import os
import shutil
import socket
from pathlib import Path

from mangaflux.commands.doctor_checks import Check
from mangaflux.settings import Settings

COMFORTABLE_CORES = 2
#: Bytes; a volume of 200 pages with its artifacts takes about this.
COMFORTABLE_DISK = 2 * 1024**3


def check_cpu() -> Check:
    """There are cores enough to analyse a page while another is coloured."""
    cores = os.cpu_count() or 1
    fix = None if cores >= COMFORTABLE_CORES else "expect twice the time a page; more cores help"
    return Check("cpu", cores >= COMFORTABLE_CORES, f"{cores} CPU cores", fix)


def check_settings(problem: str | None) -> Check:
    """The settings in the file and the environment make sense."""
    if problem is None:
        return Check("settings", True, "settings are valid")
    return Check("settings", False, problem, "change that setting; config/mangaflux.toml lists them all")


def check_data_folder(folder: Path) -> Check:
    """The data folder can be written, or made."""
    place = _nearest_existing(folder)
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return Check("data_folder", True, f"{folder} {'can be written' if place == folder else 'can be made'}")
    return Check("data_folder", False, f"{folder} cannot be written", "choose another with --data-dir")


def check_disk(folder: Path) -> Check:
    """There is room where the data folder is."""
    free = shutil.disk_usage(_nearest_existing(folder)).free
    is_enough = free >= COMFORTABLE_DISK
    fix = None if is_enough else "free some space, or choose a folder on another disk with --data-dir"
    return Check("disk", is_enough, f"{free / 1024**3:.1f} GiB free for {folder}", fix)


def check_port(host: str, port: int) -> Check:
    """The port is free now."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As servers do: a port whose last connections are still closing counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return Check("port", False, f"{host} port {port}: {error.strerror}", "stop what uses it, or choose --port")
    return Check("port", True, f"{host} port {port} is free")


def check_token(settings: Settings) -> Check:
    """Nobody gets in uninvited. The token itself is never told; an open door beyond loopback is refused elsewhere."""
    if settings.api_token.get_secret_value():
        return Check("token", True, "an API token is set")
    return Check("token", True, "no API token: open to this machine only")


def _nearest_existing(folder: Path) -> Path:
    absolute = folder.absolute()
    return next((place for place in (absolute, *absolute.parents) if place.exists()), Path("/"))
