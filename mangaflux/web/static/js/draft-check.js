// What of a draft the server has let go: images that no job has are kept for a day.

import { call, sha256Of } from "./api.js";
import { draft } from "./draft.js";
import { t } from "./i18n.js";
import { say } from "./parts/toasts.js";

/** Runs something with the draft; where images of it are gone, takes them out of the draft and says so. */
export async function withDraft(work) {
  try {
    return await work();
  } catch (error) {
    if (error.code !== "not_found" || !error.details?.asset_id) throw error;
    await forgetGone();
    say(t("pages.gone"));
    return null;
  }
}

async function forgetGone() {
  const names = new Set([...draft.get("pages").map((page) => page.asset), ...draft.get("references")]);
  const gone = new Set();
  for (const name of names) if (!(await isThere(name))) gone.add(name);
  draft.set({
    pages: draft.get("pages").filter((page) => !gone.has(page.asset)),
    references: draft.get("references").filter((name) => !gone.has(name)),
  });
}

async function isThere(name) {
  try {
    await call("HEAD", `/v1/assets/${sha256Of(name)}`);
    return true;
  } catch (error) {
    if (error.status !== 404) throw error;
    return false;
  }
}
