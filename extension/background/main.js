import { browser } from "../shared/browser.js";
browser.runtime.onMessage.addListener((message, sender, answer) => { answer({ ok: true, echo: message, boot }); return true; });
const boot = Math.random();
