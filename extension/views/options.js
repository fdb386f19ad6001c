// The page of options, and the side panel: what was read, which sites are on, and how everything behaves.

import { fill } from "../studio/dom.js";
import { keepLooking } from "./ask.js";
import { Cache } from "./parts/cache.js";
import { History } from "./parts/history.js";
import { Server } from "./parts/server.js";
import { Settings } from "./parts/settings.js";
import { Shortcuts } from "./parts/shortcuts.js";
import { Sites } from "./parts/sites.js";
import { fillTexts, t } from "./text.js";

const notices = document.getElementById("notices");

/** The site whose style reference is to be chosen: `#style=https%3A%2F%2F…`, as the popup opens this page. */
function askedFor() {
  const asked = /^#style=(.+)$/.exec(location.hash);
  return asked && decodeURIComponent(asked[1]);
}

fillTexts();
document.title = t("view_options_title");
const place = (name) => document.getElementById(name);
const parts = [
  new Server(place("server")),
  new History(place("history")),
  new Sites(place("sites"), askedFor()),
  new Settings(place("settings")),
  new Cache(place("cache")),
  new Shortcuts(place("shortcuts")),
];

async function look() {
  await Promise.all(parts.map((part) => part.look()));
  fill(notices);
}

keepLooking(look, notices);
