// Elements without a framework.

/** An element: `h("button", { class: "button", on: { click } }, "Text", child)`. Null and false children are left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProperty(element, name, value);
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function setProperty(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "class") element.className = value;
  else if (name === "on")
    for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
  else if (name === "data") Object.assign(element.dataset, value);
  else if (name === "vars") for (const [key, own] of Object.entries(value)) element.style.setProperty(key, own);
  else if (name === "checked" || name === "value" || name === "disabled" || name === "open") element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

/** Replaces what is inside an element. */
export function fill(element, ...children) {
  element.replaceChildren(
    ...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Sets a text only where it changed: an unchanged one costs no layout. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Once per frame, however often it is called in between. */
export function perFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}

/** Not before `milliseconds` of silence. */
export function settled(milliseconds, work) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), milliseconds);
  };
}

/** Puts the text of an element into the clipboard; marks it where only the person's own keys can do that. True if done. */
export async function copyOf(element) {
  try {
    await navigator.clipboard.writeText(element.value ?? element.textContent);
    return true;
  } catch {
    // Plain HTTP beyond this computer has no clipboard.
    if (element.select) element.select();
    else getSelection().selectAllChildren(element);
    return false;
  }
}

/** Letters and digits that nobody has had before. */
export function randomName() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (value) => value.toString(16).padStart(2, "0")).join("");
}

/** What is kept in this browser; silently nothing where storage is switched off or full. */
export const kept = {
  get(name, fallback = null) {
    try {
      const text = localStorage.getItem(`mangaflux.${name}`);
      return text === null ? fallback : JSON.parse(text);
    } catch {
      return fallback;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`mangaflux.${name}`, JSON.stringify(value));
    } catch {
      /* see above */
    }
  },
  remove(name) {
    try {
      localStorage.removeItem(`mangaflux.${name}`);
    } catch {
      /* see above */
    }
  },
};
