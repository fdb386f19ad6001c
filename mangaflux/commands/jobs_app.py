"""The commands under `mangaflux jobs`, as the command line takes them; `commands.jobs` does the work."""

from pathlib import Path
from typing import TYPE_CHECKING

from typer import Exit, Typer

from mangaflux.commands import arguments
from mangaflux.commands.command_settings import command_settings

if TYPE_CHECKING:
    from mangaflux.commands.jobs import Jobs

jobs_app = Typer(
    help="Look at the jobs of a running server, and steer them. The token is taken from MANGA_FLUX_API_TOKEN.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


@jobs_app.command("list", epilog="Examples: `mangaflux jobs list` · `mangaflux jobs list --status failed --json`")
def jobs_list(
    limit: arguments.JobCount = 20,
    status: arguments.JobStatus = None,
    url: arguments.ServerUrl = None,
    config: arguments.ConfigFile = None,
    as_json: arguments.AsJson = False,
) -> None:
    """List jobs, newest first: id, status, pages done, chapter, engine."""
    raise Exit(_jobs(url, config, as_json=as_json).list(limit, status, as_json=as_json))


@jobs_app.command("watch", epilog="Example: `mangaflux jobs watch job_20260131_120000_1a2b3c`")
def jobs_watch(
    job_id: arguments.MaybeJobId = None, url: arguments.ServerUrl = None, config: arguments.ConfigFile = None
) -> None:
    """Show a job until it ends, also through a restart of the server. Ctrl-C leaves the job running.

    Ends with 0 where the job completed, else 1.
    """
    raise Exit(_jobs(url, config).watch(job_id))


@jobs_app.command("cancel", epilog="Example: `mangaflux jobs cancel job_20260131_120000_1a2b3c`")
def jobs_cancel(
    job_id: arguments.JobIdArgument, url: arguments.ServerUrl = None, config: arguments.ConfigFile = None
) -> None:
    """Cancel what of a job has not ended. What is finished stays."""
    raise Exit(_jobs(url, config).cancel(job_id))


@jobs_app.command("retry", epilog="Example: `mangaflux jobs retry job_20260131_120000_1a2b3c`")
def jobs_retry(
    job_id: arguments.JobIdArgument, url: arguments.ServerUrl = None, config: arguments.ConfigFile = None
) -> None:
    """Try the failed and cancelled pages of a job again."""
    raise Exit(_jobs(url, config).retry(job_id))


def _jobs(url: str | None, config: Path | None, *, as_json: bool = False) -> "Jobs":
    settings = command_settings(config, {})
    from mangaflux.commands.console import open_terminal
    from mangaflux.commands.jobs import Jobs
    from mangaflux.commands.server_api import server_url

    return Jobs(url or server_url(settings), settings.api_token.get_secret_value(), open_terminal(as_json=as_json))
