// The page of options, and the side panel: what was read, which sites are on, and how everything behaves.

import { fill } from "../studio/dom.js";
import { keepLooking } from "./ask.js";
import { Cache } from "./parts/cache.js";
import { History } from "./parts/history.js";
import { notice } from "./parts/notices.js";
import { Server } from "./parts/server.js";
import { Settings } from "./parts/settings.js";
import { Shortcuts } from "./parts/shortcuts.js";
import { Sites } from "./parts/sites.js";
import { fillTexts, t } from "./text.js";

const notices = document.getElementById("notices");

/** Does something for the person, and says what the background thinks of it where that is no. */
async function attempt(work) {
  try {
    const answer = await work();
    fill(notices);
    return answer;
  } catch (error) {
    if (error.name !== "Refusal") throw error;
    fill(notices, notice("bad", error.message, ""));
    return null;
  }
}

/** The site whose style reference is to be chosen: `#style=https%3A%2F%2F…`, as the popup opens this page. */
function askedFor() {
  const asked = /^#style=(.+)$/.exec(location.hash);
  return asked && decodeURIComponent(asked[1]);
}

fillTexts();
document.title = t("view_options_title");
const place = (name) => document.getElementById(name);
const parts = [
  new Server(place("server"), attempt),
  new History(place("history"), attempt),
  new Sites(place("sites"), attempt, askedFor()),
  new Settings(place("settings"), attempt),
  new Cache(place("cache"), attempt),
  new Shortcuts(place("shortcuts")),
];
keepLooking(() => Promise.all(parts.map((part) => attempt(() => part.look()))));
