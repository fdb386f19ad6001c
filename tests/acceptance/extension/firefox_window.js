// Stands in the browser's own window, around the tabs: the popup of the button, the browser's question, and the life of
// the event page. Whatever is clicked here is clicked as a person does it, in the element that a person sees.

globalThis.around = (() => {
  const { ExtensionParent } = ChromeUtils.importESModule("resource://gre/modules/ExtensionParent.sys.mjs");
  const extension = () => WebExtensionPolicy.getByID("extension@mangaflux").extension;
  const popup = () => document.querySelector(".webextension-popup-browser");
  const question = () => document.querySelector("#notification-popup[panelopen] popupnotification:not([hidden])");
  /** Milliseconds after which a popup that was asked is closed or not there yet. */
  const SILENCE = 2000;
  let answers = 0;

  /** What a function returns in the process of the popup, where `content` is its window; null where it cannot be asked. */
  function inPopup(work, argument) {
    const { messageManager } = popup();
    const name = `around:${(answers += 1)}`;
    const source = `(async () => sendAsyncMessage(${JSON.stringify(name)}, await (${work})(${JSON.stringify(argument)})))()`;
    return new Promise((resolve) => {
      setTimeout(resolve, SILENCE, null);
      messageManager.addMessageListener(name, function heard({ data }) {
        messageManager.removeMessageListener(name, heard);
        resolve(data);
      });
      messageManager.loadFrameScript(`data:application/javascript;charset=utf-8,${encodeURIComponent(source)}`, false);
    });
  }

  return {
    /** What the shortcut of the button does. */
    openPopup: () => ExtensionParent.apiManager.global.browserActionFor(extension()).triggerAction(window),
    closePopup: () => popup()?.closest("panel").hidePopup(),
    isPopupOpen: () => popup() !== null,
    popupText: async () => (popup() ? inPopup(() => content.document.body.innerText) : null),
    /** Clicks with the mouse what is first of a selector; false while nothing can be seen, lies open or stands still. */
    clickInPopup: async (selector) =>
      popup() !== null &&
      inPopup(async (wanted) => {
        const [first] = [...content.document.querySelectorAll(wanted)].filter((each) => each.checkVisibility());
        if (!first) return false;
        first.scrollIntoView({ block: "center" });
        const standing = () => {
          const { x, y, width, height } = first.getBoundingClientRect();
          return [x + width / 2, y + height / 2, content.innerWidth, content.innerHeight];
        };
        // A popup takes its size after what is in it: until then a click may fall beside it.
        const before = standing();
        await new Promise((resolve) => content.setTimeout(resolve, 100));
        const [x, y, ...size] = standing();
        if (String([x, y, ...size]) !== String(before) || first.disabled) return false;
        if (!first.contains(content.document.elementFromPoint(x, y))) return false;
        for (const type of ["mousedown", "mouseup"]) {
          content.synthesizeMouseEvent(type, x, y, { button: 0, clickCount: 1 }, {});
        }
        return true;
      }, selector),
    /** What the browser asks for the extension; null while it asks nothing. */
    question: () => question()?.textContent ?? null,
    answer: (allow) => (allow ? question().button : question().secondaryButton).click(),
    granted: () => extension().policy.allowedOrigins.patterns.map(({ pattern }) => pattern),
    /** Ends the event page wherever it is, as Firefox does with one that is idle. */
    endEventPage: () => extension().terminateBackground({ disableResetIdleForTest: true }),
    isEventPageRunning: () => extension().backgroundState !== "stopped",
    /** Has Firefox itself end the event page once it was idle for so long; 0: as it is without us. */
    setIdleMilliseconds(milliseconds) {
      const name = "extensions.background.idle.timeout";
      if (milliseconds) Services.prefs.setIntPref(name, milliseconds);
      else Services.prefs.clearUserPref(name);
    },
  };
})();
