// <mf-server>: how the server is: engines, device, queue, disk, versions, last errors; and pairing.

import { get, post, tried } from "../api.js";
import { fill, h } from "../dom.js";
import { ago, bytes } from "../format.js";
import { has, t } from "../i18n.js";
import { icon } from "../icons.js";
import { errorText } from "../page-state.js";
import { facts } from "../parts/facts.js";
import "../parts/pairing.js";
import { readStorage, storageMeter } from "../parts/storage-meter.js";
import { attempt } from "../parts/toasts.js";

//: While the view is open.
const LOOK_MILLISECONDS = 4000;
//: Jobs whose errors are shown.
const MAX_ERRORS = 5;

class ServerView extends HTMLElement {
  #health = h("div", { class: "stack" });
  #engines = h("div", { class: "stack" });
  #storage = h("div", { class: "stack" });
  #versions = h("div");
  #errors = h("div", { class: "stack" });
  #timer = 0;

  connectedCallback() {
    if (!this.firstChild) {
      this.append(
        h(
          "div",
          { class: "view-head" },
          h("h1", {}, t("nav.server")),
          h("div", { class: "row" }, h("a", { class: "button", href: "/docs" }, t("server.docs"))),
        ),
        h(
          "div",
          { class: "cards" },
          card("health", this.#health),
          card("engines", this.#engines),
          card("storage", this.#storage),
          card("pair", h("mf-pairing")),
          card("errors", this.#errors),
          card("versions", this.#versions),
        ),
      );
    }
    this.#look();
    this.#readOnce();
    this.#timer = setInterval(() => this.#look(), LOOK_MILLISECONDS);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  async #look() {
    const [ready, engines] = await Promise.all([tried(readiness()), tried(get("/v1/engines"))]);
    fill(this.#health, health(ready));
    if (engines.body)
      fill(
        this.#engines,
        engines.body.engines.map((engine) => this.#engine(engine, engines.body)),
      );
  }

  async #readOnce() {
    const [version, storage, failed] = await Promise.all([
      tried(get("/version")),
      tried(readStorage()),
      tried(lastErrors()),
    ]);
    if (version.body)
      fill(this.#versions, facts([["MangaFlux", version.body.version], ...Object.entries(version.body.packages)]));
    if (storage.body) fill(this.#storage, storageMeter(storage.body, true));
    fill(this.#errors, errors(failed.body ?? []));
  }

  #engine(engine, { default: usual, device }) {
    const act = (verb) => () =>
      attempt(async () => {
        await post(`/v1/engines/${engine.name}/${verb}`, {});
        await this.#look();
      });
    const state = engine.loaded
      ? badge("good", t("engine.loaded"))
      : engine.available
        ? badge("", t("engine.ready"))
        : badge("warn", t("engine.unavailable"));
    const memory =
      engine.loaded && device.peak_memory_bytes
        ? ` · ${t("server.memory", { size: bytes(device.peak_memory_bytes) })}`
        : "";
    return h(
      "div",
      { class: "engine" },
      h(
        "div",
        { class: "row spread" },
        h(
          "h3",
          {},
          engine.name,
          engine.name === usual && h("span", { class: "muted small" }, ` · ${t("engine.default")}`),
        ),
        state,
      ),
      engine.model &&
        h("p", { class: "small muted" }, `${engine.model.id}${engine.device ? ` · ${engine.device}` : ""}${memory}`),
      engine.reason && h("p", { class: "small" }, engine.reason),
      engine.fix && h("p", { class: "small" }, `${t("engine.fix")} ${engine.fix}`),
      engine.available &&
        h(
          "div",
          { class: "row" },
          h(
            "button",
            { type: "button", class: "button small-button", on: { click: act(engine.loaded ? "unload" : "load") } },
            t(engine.loaded ? "engine.unload" : "engine.load"),
          ),
        ),
    );
  }
}

function card(name, ...children) {
  return h(
    "section",
    { class: `card card-${name}`, "aria-labelledby": `server-${name}` },
    h("h2", { id: `server-${name}` }, t(`server.${name}`)),
    ...children,
  );
}

function badge(tone, text) {
  return h("span", { class: `badge ${tone}` }, text);
}

/** `/readyz` answers 503 with the same body where it is not ready. */
async function readiness() {
  const answer = await fetch("/readyz");
  return answer.ok || answer.status === 503 ? answer.json() : get("/readyz");
}

function health({ body, problem }) {
  if (!body?.device)
    return h("div", { class: "notice bad" }, icon("warn"), h("p", {}, problem?.message ?? t("problem.offline")));
  const { device } = body;
  const stage = device.stage && has(`stage.${device.stage}`) ? t(`stage.${device.stage}`) : device.stage;
  return [
    body.ready
      ? h("div", { class: "notice" }, icon("check"), h("p", {}, t("server.ready")))
      : h("div", { class: "notice warn" }, icon("warn"), h("p", {}, body.reasons.join("; "))),
    facts(
      [
        [t("server.device"), [t(`device.${device.state}`), device.engine, stage].filter(Boolean).join(" · ")],
        device.peak_memory_bytes && [t("server.memory.peak"), bytes(device.peak_memory_bytes)],
        [t("server.queue"), t("server.jobs", { count: body.active_jobs })],
        [t("server.free"), bytes(body.free_disk_bytes)],
      ].filter(Boolean),
    ),
  ];
}

async function lastErrors() {
  const { jobs: failed } = await get(`/v1/jobs?status=failed&limit=${MAX_ERRORS}`);
  return Promise.all(failed.map(async (job) => ({ job, errors: (await get(`/v1/jobs/${job.job_id}/logs`)).errors })));
}

function errors(list) {
  if (!list.length) return h("p", { class: "muted" }, t("server.noerrors"));
  return list.map(({ job, errors: all }) =>
    h(
      "div",
      {},
      h(
        "p",
        { class: "row spread" },
        h("a", { class: "clip", href: `#/job/${job.job_id}` }, job.chapter_id),
        h("span", { class: "small muted" }, ago(job.last_update)),
      ),
      all
        .slice(0, 3)
        .map((error) => h("p", { class: "small" }, t("server.error", { page: error.page_num, why: errorText(error) }))),
    ),
  );
}

customElements.define("mf-server", ServerView);
