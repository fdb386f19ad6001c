// One page coloured before the chapter is committed: a job in a chapter of its own, thrown away when it was seen.

import { call, get, post, remove } from "./api.js";
import { randomName } from "./dom.js";
import { draft } from "./draft.js";
import { live } from "./live.js";
import { errorText } from "./page-state.js";

//: Chapters of such a name are trials: no view lists them. A person's own "preview-1" is none, and stays.
const PREFIX = "preview-";
const TRIAL = /^preview-[0-9a-f]{24}$/;
//: What a trial left behind that was cut off is cleared away after this long.
const LEFT_AFTER_MILLISECONDS = 10 * 60 * 1000;
//: A person waits for it.
const PRIORITY = 10;

/** True for chapters and jobs that are trials. */
export function isPreview({ chapter_id: chapterId }) {
  return TRIAL.test(chapterId);
}

/**
 * Colours one page of the draft; resolves to `{colorized: Blob, reason, verdict}`, where `colorized` is null for a page
 * that has nothing to colour. `onProgress` is called with `page.progress` data.
 */
export async function tryPage(page, pageNum, { onProgress, onPreview, signal }) {
  const chapterId = PREFIX + randomName();
  const request = { ...draft.request([page], chapterId), priority: PRIORITY };
  if (request.options.seed_mode === "metadata") request.options = { ...request.options, ...(await seedOf(pageNum)) };
  const { job_id: jobId } = await post("/v1/jobs/two-pass", request, { signal });
  const stop = () => {
    post(`/v1/jobs/${jobId}/cancel`, {}).catch(() => {});
  };
  signal?.addEventListener("abort", stop);
  try {
    return await outcome(await ended(jobId, { onProgress, onPreview }));
  } finally {
    signal?.removeEventListener("abort", stop);
    await throwAway(chapterId);
  }
}

/** Throws away what earlier trials left behind; silently, for nobody waits for it. */
export async function clearLeftovers() {
  try {
    const { chapters } = await get("/v1/chapters");
    const old = chapters
      .filter(isPreview)
      .filter((chapter) => Date.now() - new Date(chapter.updated_at) > LEFT_AFTER_MILLISECONDS);
    for (const chapter of old) await throwAway(chapter.chapter_id);
  } catch {
    /* the next start tries again */
  }
}

async function throwAway(chapterId) {
  try {
    await remove(`/v1/chapters/${chapterId}`);
  } catch {
    /* a job may take a moment to stop; `clearLeftovers` comes later */
  }
}

/** The seed that this page will have in the chapter, so that the trial shows what the chapter will be. */
async function seedOf(pageNum) {
  // Plain HTTP beyond loopback has no crypto.subtle; the trial has a seed of its own then.
  if (!globalThis.crypto?.subtle) return {};
  const text = new TextEncoder().encode(`${draft.get("chapterId")}:${pageNum}`);
  const digest = new DataView(await crypto.subtle.digest("SHA-256", text));
  return { seed_mode: "fixed", seed: digest.getUint32(0) & 0x7fffffff };
}

function ended(jobId, { onProgress, onPreview }) {
  return new Promise((resolve, reject) => {
    const look = async () => {
      try {
        const job = await get(`/v1/jobs/${jobId}`);
        if (!["queued", "running"].includes(job.status)) {
          release();
          resolve(job);
        }
      } catch (error) {
        if (error.status !== 0) {
          release();
          reject(error);
        }
      }
    };
    const listen = ({ detail: { type, data } }) => {
      if (data.job_id !== jobId) return;
      if (type === "page.progress") onProgress?.(data);
      else if (type === "page.preview") onPreview?.(data);
      else if (type.startsWith("job.")) look();
    };
    const release = () => {
      live.removeEventListener("happened", listen);
      live.removeEventListener("resync", look);
    };
    live.addEventListener("happened", listen);
    live.addEventListener("resync", look);
    look();
  });
}

async function outcome(job) {
  const [page] = job.pages;
  const failed = [page.pass1, page.pass2].find((pass) => pass?.error);
  if (failed) throw Object.assign(new Error(errorText(failed.error)), { name: "Problem" });
  if (job.status === "cancelled") throw new DOMException("cancelled", "AbortError");
  const colorized = page.colorized_sha256
    ? await (await call("GET", `/v1/artifacts/${page.colorized_sha256}`)).blob()
    : null;
  return { colorized, reason: page.pass2?.reason, verdict: page.pass2?.fidelity, seed: page.seed };
}
