// What a page's passes say, in one word, one number and one sentence.

import { has, t } from "./i18n.js";
import { refusalText } from "./refusal.js";

//: Roughly how much of a pass lies behind a stage; what has steps counts them on top.
const BEHIND = {
  starting: 0.02,
  tone: 0.05,
  lettering: 0.2,
  balloons: 0.5,
  panels: 0.6,
  order: 0.8,
  masks: 0.85,
  facts: 0.9,
  waiting: 0.08,
  loading: 0.1,
  conditioning: 0.15,
  fitting: 0.2,
  painting: 0.2,
  denoising: 0.2,
  decoding: 0.8,
  finishing: 0.82,
  encoding: 0.95,
};
const SHARE_OF_STEPS = 0.6;

/**
 * `{kind, share, badge, tone, icon, note, spoken, why}` of a page as the server describes it, with `live` the latest
 * progress of it. `share` is 0–1 of both passes.
 */
export function stateOf(page) {
  const passes = [page.pass1, page.pass2].filter(Boolean);
  const last = passes.at(-1);
  const failed = passes.find((pass) => pass.status === "failed");
  if (failed) return ended("failed", t("state.failed"), "bad", "warn", errorText(failed.error));
  if (passes.some((pass) => pass.status === "cancelled"))
    return ended("cancelled", t("state.cancelled"), "", null, null);
  if (last?.status === "skipped") return ended("skipped", t("state.skipped"), "", null, reasonText(last.reason));
  if (last?.status === "completed") return done(page, last);
  return running(page, passes);
}

/** What the judge of a page means, in a sentence. */
export function verdictText(verdict) {
  return verdict ? t(`verdict.${verdict}`) : "";
}

/** Why a page was left as it is, in a sentence. */
export function reasonText(reason) {
  return reason && has(`reason.${reason}`) ? t(`reason.${reason}`) : reason;
}

/** Why a page failed, in a sentence; null where it did not. */
export function errorText(error) {
  return error ? refusalText(error.code, error.message) : null;
}

function ended(kind, badge, tone, iconName, why) {
  return {
    kind,
    share: 0,
    badge,
    tone,
    icon: iconName,
    note: why ?? badge,
    spoken: why ? `${badge}: ${why}` : badge,
    why,
  };
}

function done(page, last) {
  const flagged = last.fidelity && last.fidelity !== "acceptable";
  const why = flagged ? verdictText(last.fidelity) : "";
  return {
    kind: "done",
    share: 1,
    badge: flagged ? t(`verdict.short.${last.fidelity}`) : "",
    tone: "warn",
    icon: flagged ? "eye" : null,
    note: "",
    spoken: flagged ? `${t("state.done")}: ${why}` : t("state.done"),
    why,
  };
}

function running(page, passes) {
  const current = passes.find((pass) => pass.status === "running");
  const finished = passes.filter((pass) => pass.status === "completed").length;
  const { live } = page;
  if (!current && !live) {
    const key = finished ? "state.analysed" : "state.queued";
    return {
      kind: "queued",
      share: finished / passes.length,
      badge: "",
      tone: "",
      icon: null,
      note: t(key),
      spoken: t(key),
      why: "",
    };
  }
  const within = live
    ? (BEHIND[live.stage] ?? 0.2) + (live.total_steps ? SHARE_OF_STEPS * (live.step / live.total_steps) : 0)
    : 0;
  const stage = live ? stageText(live) : t("state.running");
  return {
    kind: "running",
    share: Math.min(1, (finished + within) / passes.length),
    badge: "",
    tone: "live",
    icon: null,
    note: stage,
    spoken: stage,
    why: "",
  };
}

/** What is being done to a page right now, with its steps where it has some. */
export function stageText({ stage, step, total_steps: total }) {
  const name = has(`stage.${stage}`) ? t(`stage.${stage}`) : stage;
  return total ? `${name} ${step}/${total}` : name;
}
