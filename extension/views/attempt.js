// What a person does in a view, and why it cannot be; that stands apart from what is looked up again and again.

import { fill } from "../studio/dom.js";
import { notice } from "./parts/notices.js";

const place = document.getElementById("refusal");

/** Does something for the person; its answer, or null where the background would not, which is said. */
export async function attempt(work) {
  try {
    const answer = await work();
    fill(place);
    return answer;
  } catch (error) {
    if (error.name !== "Refusal") throw error;
    sayRefused("bad", error.message);
    return null;
  }
}

/** Says why something cannot be, until the person has done something else. */
export function sayRefused(tone, title, text = "") {
  fill(place, notice(tone, title, text));
  place.scrollIntoView({ block: "nearest" });
}
