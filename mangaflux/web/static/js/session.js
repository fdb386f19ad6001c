// The token of a protected server: asked for once, traded for a cookie that this page cannot read, and forgotten.

import { h } from "./dom.js";
import { t } from "./i18n.js";

let asking = null;

/** Asks the person for the token until it is right; many callers wait for the same dialog. */
export function openSession() {
  asking ??= ask().finally(() => {
    asking = null;
  });
  return asking;
}

function ask() {
  return new Promise((resolve) => {
    const field = h("input", {
      type: "password",
      id: "token",
      autocomplete: "current-password",
      required: true,
      "aria-describedby": "token-hint token-error",
    });
    const error = h("p", { class: "error", id: "token-error", role: "alert" });
    const submit = h("button", { class: "button main" }, t("token.open"));
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { id: "token-title" }, t("token.title")),
      h("p", { class: "hint", id: "token-hint" }, t("token.hint")),
      h("div", { class: "field" }, h("label", { for: "token" }, t("token.label")), field, error),
      h("div", { class: "row" }, submit),
    );
    const dialog = h("dialog", { "aria-labelledby": "token-title", class: "token" }, form);
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      submit.disabled = true;
      error.textContent = await refusal(field.value.trim());
      submit.disabled = false;
      field.setAttribute("aria-invalid", String(Boolean(error.textContent)));
      if (error.textContent) {
        field.select();
        return;
      }
      dialog.remove();
      resolve();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Why the token does not open the server; an empty text where it does. */
async function refusal(token) {
  try {
    const answer = await fetch("/v1/session", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
    if (answer.ok) return "";
    return answer.status === 401 ? t("token.wrong") : t("problem.unknown", { status: answer.status });
  } catch {
    return t("problem.offline");
  }
}
