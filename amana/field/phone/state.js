/* What this tab has in mind. It lives in memory only, and goes with the tab. */

export const state = {
  screen: "",
  device: null,
  record: null,
  page: "",
  /* Where to go on after one page was looked at again: "" is the next page of the way. */
  back: "",
  problems: [],
  group: null,
  line: null,
  list: [],
};

let draw = () => {};

export function onMove(listener) {
  draw = listener;
}

/** Show another screen; focus moves to its heading. */
export function go(screen, more = {}) {
  Object.assign(state, { problems: [] }, more, { screen });
  draw(true);
}

/** Show the same screen again, with what changed on it. */
export const redraw = () => draw(false);

/** The line to the node; loaded after the first screen stands. */
export const line = () => import("./line.js");
export const after = () => import("./after.js");
/** Drafts that can be opened again; only where an administrator allowed them. */
export const drafts = () => import("./draft.js");
export const isResumable = () => state.device?.mode === "RESUME";
