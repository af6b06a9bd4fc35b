/* The app: it starts, draws, changes language, and gets out of the way at once. */

import { DIRECTION, h, language, listed, moreWords, speak, t } from "./dom.js";
import { warnings } from "./parts.js";
import { forget, save } from "./record.js";
import { wristband } from "./references.js";
import { screens } from "./screens.js";
import { drafts, go, isResumable, line, onMove, redraw, state } from "./state.js";
import { all, read, write } from "./store.js";

const NAMES = { fr: "Français", ar: "العربية", en: "English" };
const WORKER = "/field/sw.js";
const find = (id) => document.getElementById(id);
let drawing = 0;
let hasMoved = false;

// Nothing that is not the worker ever becomes a script.
const policy = window.trustedTypes?.createPolicy("default", {
  createScriptURL: (address) => (address === WORKER ? address : null),
});

async function paint(isMoved) {
  const mine = ++drawing;
  // A drawing that is overtaken by another leaves it the move: the new screen is seen from its top.
  hasMoved ||= isMoved;
  const { screen, name, page, value, main, dock } = await screened();
  if (mine !== drawing) return;
  const focused = document.activeElement?.id;
  frame();
  find("main").replaceChildren(...flat(main));
  find("dock").replaceChildren(...flat(dock));
  Object.assign(document.body.dataset, { screen: name ?? screen, page: page ?? "", state: value ?? "" });
  if (hasMoved) {
    hasMoved = false;
    scrollTo(0, 0);
    (document.querySelector("main .problems") || document.querySelector("main h1"))?.focus();
    if (!history.state) history.pushState(1, "");
  } else if (focused) {
    find(focused)?.focus();
  }
}

async function screened() {
  const { screen } = state;
  const made = await screens[screen]();
  return { screen, ...made };
}

const flat = (parts) => parts.flat(3).filter((one) => one instanceof Node);

/* What stands on every screen. */
function frame() {
  find("exit").textContent = t("exit");
  find("unsent").textContent = t("unsent", { n: state.unsent ?? 0 });
  document.body.dataset.unsent = state.unsent ?? 0;
  find("warnings").replaceChildren(...warnings());
  find("languages").setAttribute("aria-label", t("language"));
  find("languages").replaceChildren(...Object.entries(NAMES).map(([code, name]) => h("button", {
    type: "button",
    lang: code,
    dir: DIRECTION[code],
    "aria-current": code === language ? "true" : null,
    onclick: () => change(code),
  }, name)));
}

async function change(code) {
  await speak(code);
  await write("language", code);
  redraw();
}

// Out: the screen is blank before anything else happens, and Back does not lead here again.

async function leave() {
  document.body.hidden = true;
  const sealed = save();
  forget();
  await Promise.race([sealed, new Promise((resolve) => { setTimeout(resolve, 2_000); })]);
  location.replace("/field/away.html");
}

let shifts = [];

function pressed(event) {
  if (event.key !== "Shift") {
    shifts = [];
    return;
  }
  if (event.repeat) return;
  shifts = [...shifts.filter((at) => event.timeStamp - at < 2_000), event.timeStamp];
  if (shifts.length === 3) leave();
}

/* The phone's own Back goes one screen back; it must not throw away what was said. */
function back() {
  // A code that is opened while the app is open comes with an event of this name too.
  if (location.hash) return undefined;
  const act = document.querySelector("#dock [data-act=back], #dock [data-act=continue]");
  if (act) act.click();
  else if (state.screen !== "home") go(state.record ? "question" : "home");
  else return history.back();
  return history.pushState(1, "");
}

// What comes with the address: an invitation or a wristband. It leaves the address at once.

function arrive() {
  const { hash } = location;
  if (!hash) return false;
  history.replaceState(null, "", "/field/");
  const band = wristband(/^#band=(.*)/.exec(hash)?.[1] ?? "");
  if (band && state.device && !state.record) {
    go("group", { group: { code: band, siblings: [] } });
    return true;
  }
  if (hash.startsWith("#enrol=") && !state.record) {
    import("./more.js").then(async ({ enrolWith }) => {
      await moreWords();
      enrolWith(hash.slice(7));
    });
    return true;
  }
  return false;
}

async function noted(status) {
  state.line = status;
  state.unsent = status.unsent;
  if (status.hasLeft) return go("left", { device: null });
  if (["sent", "queue"].includes(state.screen)) return redraw();
  return frame();
}

/* After the first screen stands: the line, the worker, the rest of the files. */
async function awaken() {
  const { count, onChange, send, status } = await line();
  onChange(() => noted(status));
  await count();
  addEventListener("online", () => send({ isAsked: true }));
  send();
  import("./hpke.js").catch(() => {});
  import("./voice.js").then(({ listen }) => {
    state.listen = listen;
    if (state.screen === "question") redraw();
  }).catch(() => {});
  status.isPersistent = (await navigator.storage?.persisted?.()) ?? true;
  if (!navigator.serviceWorker) return;
  const kept = await navigator.serviceWorker.register(
    policy ? policy.createScriptURL(WORKER) : WORKER, { scope: "/field/" });
  // A new version takes over only where nobody is being asked anything.
  if (kept.waiting && !state.record) kept.waiting.postMessage("take over");
  (await navigator.serviceWorker.ready).active.postMessage("at leisure");
}

async function open() {
  onMove(paint);
  find("exit").addEventListener("click", leave);
  find("unsent").addEventListener("click", () => {
    if (state.screen === "queue") return;
    save();
    go("queue", { cameFrom: [state.screen] });
  });
  addEventListener("keydown", pressed);
  addEventListener("popstate", back);
  addEventListener("hashchange", arrive);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save();
  });
  const [device, chosen, waiting] = await Promise.all([read("device"), read("language"), all("queue")]);
  state.device = device ?? null;
  state.unsent = waiting.length;
  if (chosen && chosen !== language) await speak(chosen).catch(() => {});
  if (!arrive()) go("home");
  await awaken();
  state.list = await listed().catch(() => []);
  if (state.screen === "home") redraw();
  if (isResumable()) (await drafts()).watch();
}

open();
