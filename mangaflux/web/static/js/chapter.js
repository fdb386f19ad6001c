// The pages of a chapter as the server has them now.

import { get, sha256Of } from "./api.js";

/** The pages of a chapter, with `colorized_sha256` and the addresses of what a reader shows. Throws `Problem`. */
export async function readChapter(chapterId) {
  const { pages } = await get(`/v1/chapters/${chapterId}/pages`);
  return pages.map((page) => {
    const { colorized, overlay } = page.artifacts;
    return {
      ...page,
      colorized_sha256: colorized.exists ? colorized.url.split("/").pop() : null,
      pass1: { status: "completed" },
      before: `/v1/assets/${sha256Of(page.page_image)}`,
      after: colorized.url,
      overlay: overlay.url,
    };
  });
}

/** The last job of a chapter, or null. */
export async function lastJob(chapterId) {
  const { jobs } = await get(`/v1/jobs?chapter_id=${encodeURIComponent(chapterId)}&limit=1`);
  return jobs[0] ?? null;
}
