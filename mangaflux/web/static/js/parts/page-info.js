// <mf-page-info>: how a page came to be: judged how, made by what, seen as what.

import { get, tried } from "../api.js";
import { fill, h } from "../dom.js";
import { duration, percent } from "../format.js";
import { has, t } from "../i18n.js";
import { icon } from "../icons.js";
import { errorText, reasonText, verdictText } from "../page-state.js";
import { facts } from "./facts.js";

const TONES = { acceptable: "good", micro_repair: "warn", critical: "bad" };

class PageInfo extends HTMLElement {
  #asked = 0;

  /** Reads and shows what there is about a page. */
  async show(chapterId, page) {
    this.#asked += 1;
    const asked = this.#asked;
    const base = `/v1/chapters/${chapterId}/pages/${page.page_num}`;
    const [run, metadata] = await Promise.all([tried(get(`${base}/runmeta/pass2`)), tried(get(`${base}/metadata`))]);
    if (asked !== this.#asked) return;
    fill(
      this,
      h("h2", { class: "clip" }, page.name),
      verdict(run),
      facts([...ofRun(run.body), ...ofPage(metadata.body)]),
      prompt(metadata.body),
      h(
        "p",
        { class: "small row" },
        run.body && h("a", { href: `${base}/runmeta/pass2` }, "runmeta"),
        metadata.body && h("a", { href: `${base}/metadata` }, "metadata"),
      ),
    );
  }
}

function verdict({ body, problem }) {
  const name = body?.fidelity?.verdict;
  if (name) {
    const repairs = body.fidelity.attempts?.length ?? 0;
    return h(
      "div",
      { class: `notice ${TONES[name] === "good" ? "" : TONES[name]}` },
      icon(name === "acceptable" ? "check" : "eye"),
      h(
        "div",
        {},
        h("p", {}, verdictText(name)),
        repairs > 0 && h("p", { class: "muted" }, t("info.repairs", { count: repairs })),
      ),
    );
  }
  const { reason, error, status } = problem?.details ?? {};
  const why = reason
    ? reasonText(reason)
    : (errorText(error) ?? (status && has(`status.${status}`) ? t(`status.${status}`) : t("info.none")));
  return h("div", { class: `notice ${error ? "bad" : ""}` }, icon(error ? "warn" : "info"), h("p", {}, why));
}

function ofRun(run) {
  if (!run) return [];
  const total = Object.values(run.timings_ms).reduce((sum, each) => sum + each, 0);
  return [
    [t("info.engine"), `${run.engine} · ${run.model.id}`],
    [t("info.seed"), String(run.seed)],
    [t("settings.strength"), percent(run.params.strength ?? 1)],
    [t("info.time"), run.cached ? t("info.cached") : duration(total / 1000)],
    [t("info.device"), run.device],
  ];
}

function ofPage(metadata) {
  if (!metadata) return [];
  return [
    [t("info.size"), `${metadata.width} × ${metadata.height}`],
    [t("info.panels"), String(metadata.panels.length)],
    [t("info.balloons"), String(metadata.balloons.length)],
    [t("info.lettering"), String(metadata.lettering.length)],
  ];
}

function prompt(metadata) {
  return metadata?.page_prompt
    ? h("details", {}, h("summary", {}, t("info.prompt")), h("p", { class: "small muted" }, metadata.page_prompt))
    : null;
}

customElements.define("mf-page-info", PageInfo);
