// What went wrong, in the language of the studio: the server writes English, and a stable code with each sentence.

import { has, t } from "./i18n.js";

/** A sentence for a code; the server's own stands in it as the detail, or alone where the code is not known. */
export function refusalText(code, message, status = 0) {
  const key = `problem.${code}`;
  if (has(key)) return t(key, { message: message ?? "", status }).replace(" ()", "").trim();
  return message || t("problem.unknown", { status });
}
