/** The extension API under one name. Both browsers answer with promises; Firefox has it as `browser` only. */
export const browser = globalThis.browser ?? globalThis.chrome;
