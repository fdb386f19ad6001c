// What of the disk is used, and how much of it may be.

import { get } from "../api.js";
import { h } from "../dom.js";
import { bytes } from "../format.js";
import { t } from "../i18n.js";
import { facts } from "./facts.js";

/** What the server says of its disk. */
export function readStorage() {
  return get("/v1/storage");
}

/** A bar with a sentence; with `isDetailed` also what takes the room. */
export function storageMeter(storage, isDetailed = false) {
  const { total_bytes: used, free_disk_bytes: free, limits } = storage;
  const most = limits.max_bytes ?? used + free;
  const share = most ? Math.min(1, used / most) : 0;
  return h(
    "div",
    { class: "storage" },
    h("div", { class: "bar", "aria-hidden": "true" }, h("i", { vars: { "--share": share } })),
    h("p", { class: "small muted number" }, t("storage.used", { used: bytes(used), free: bytes(free) })),
    isDetailed && details(storage),
  );
}

function details({ assets, artifacts, limits }) {
  const rows = [
    [t("storage.assets"), bytes(assets.bytes)],
    [t("storage.artifacts"), bytes(artifacts.bytes)],
    [t("storage.floor"), bytes(limits.min_free_disk_bytes)],
  ];
  if (limits.max_bytes) rows.push([t("storage.most"), bytes(limits.max_bytes)]);
  if (limits.max_age_days) rows.push([t("storage.age"), t("storage.days", { count: limits.max_age_days })]);
  return facts(rows);
}
