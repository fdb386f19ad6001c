// The content script of a frame: fetches the module that does the work. A content script is a classic script itself.
//
// The modules of this folder fetch each other with `import(chrome.runtime.getURL(…))`. In Chromium such an address is
// another one in each session, so that no site can ask whether the extension is there; a relative import would name the
// lasting address, which is refused.

(async () => {
  // Registered for the site, and run at once in the tab that is open: it may come twice.
  if (globalThis.mangafluxStarted) return;
  globalThis.mangafluxStarted = true;
  const { start } = await import(chrome.runtime.getURL("content/main.js"));
  await start();
})();
