"""What a person may throw away."""

from aiohttp import web

from mangaflux.web.keys import PARTS


async def delete_job(request: web.Request) -> web.Response:
    """Throws an ended job away, with what no other job has of its files."""
    await request.app[PARTS].removal.delete_job(request.match_info["job_id"])
    return web.Response(status=204)


async def delete_chapter(request: web.Request) -> web.Response:
    """Throws a chapter away with all its jobs."""
    await request.app[PARTS].removal.delete_chapter(request.match_info["chapter_id"])
    return web.Response(status=204)


async def delete_page(request: web.Request) -> web.Response:
    """Throws a page of a chapter away, in every job that has it."""
    chapter_id, page_num = request.match_info["chapter_id"], int(request.match_info["page_num"])
    await request.app[PARTS].removal.delete_page(chapter_id, page_num)
    return web.Response(status=204)
