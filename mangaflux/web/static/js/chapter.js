// The pages of a chapter as the server has them now.

import { get, sha256Of } from "./api.js";
import { isActive } from "./jobs.js";

/**
 * `{pages, job}`: the pages of a chapter, with `colorized_sha256` and the addresses of what a reader shows, and its last
 * job or null. Pages that this job has not come to, or did not come to before it was cancelled, are there with their
 * originals. Throws `Problem`.
 */
export async function readChapter(chapterId) {
  const { pages } = await get(`/v1/chapters/${chapterId}/pages`);
  const known = new Map(pages.map((page) => [page.page_num, ofChapter(page)]));
  const job = await lastJob(chapterId);
  if (job && (isActive(job) || job.status === "cancelled")) {
    const { pages: planned } = await get(`/v1/jobs/${job.job_id}`);
    for (const page of planned.filter((each) => each.page_image && !known.get(each.page_num)?.after))
      known.set(page.page_num, {
        before: original(page),
        after: null,
        analysis: null,
        ...known.get(page.page_num),
        ...page,
      });
  }
  return { pages: [...known.values()].sort((left, right) => left.page_num - right.page_num), job };
}

async function lastJob(chapterId) {
  const { jobs } = await get(`/v1/jobs?chapter_id=${encodeURIComponent(chapterId)}&limit=1`);
  return jobs[0] ?? null;
}

function ofChapter(page) {
  const { colorized, metadata } = page.artifacts;
  const sha256 = colorized.exists ? colorized.url.split("/").pop() : null;
  return {
    ...page,
    colorized_sha256: sha256,
    pass1: { status: "completed" },
    before: original(page),
    after: colorized.url,
    analysis: metadata.url,
  };
}

function original(page) {
  return `/v1/assets/${sha256Of(page.page_image)}`;
}
