"""A thumb that never waits: it touches the app's own buttons from inside its page, and counts.

For load: a hundred and fifty people are answered for in minutes. What it touches is what a person
touches, in the same order; only the time between two touches is gone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

# Given: people, each {band, siblings, told}. Leaves what it did in `window.thumb`.
THUMB = """(people) => {
  const { body } = document;
  const thumb = window.thumb = { done: [], fault: "", isAtEnd: false };
  const soon = () => new Promise((resolve) => { setTimeout(resolve); });
  const find = (where) => document.querySelector(where);
  const until = (isThere) => new Promise((resolve, reject) => {
    if (isThere()) return resolve();
    const watch = new MutationObserver(() => {
      if (!isThere()) return;
      watch.disconnect();
      clearTimeout(end);
      resolve();
    });
    watch.observe(document, { subtree: true, childList: true, attributes: true });
    const end = setTimeout(() => {
      watch.disconnect();
      reject(new Error(`waits at ${body.dataset.screen} ${body.dataset.page} for ${isThere}`));
    }, 60_000);
  });
  const at = (screen) => until(() => body.dataset.screen === screen);

  const one = async ({ band, siblings, told }) => {
    const count = { touches: 0, typed: 0 };
    const touch = (where) => { count.touches += 1; find(where).click(); };
    const type = (where, text) => {
      const box = find(where);
      count.typed += 1;
      box.value = text;
      const said = box.tagName === "SELECT" ? "change" : "input";
      box.dispatchEvent(new Event(said, { bubbles: true }));
    };
    const started = performance.now();
    if (band) {
      touch(body.dataset.screen === "sent" ? "[data-act=next]" : "[data-act=group]");
      await until(() => body.dataset.screen === "group" && find("#band"));
      type("#band", band);
      for (const [n, sibling] of siblings.entries()) {
        type("#sibling", sibling);
        touch("[data-act=sibling]");
        await until(() => document.querySelectorAll("main form li").length === n + 1);
      }
    } else if (body.dataset.screen === "sent") {
      touch("[data-act=home]");
      await at("home");
    }
    touch("[data-act=begin]");
    await at("question");
    while (body.dataset.screen === "question") {
      const { page } = body.dataset;
      const ids = [...document.querySelectorAll("[data-question]")].map((e) => e.dataset.question);
      for (const id of ids) {
        const value = told[id] ?? (/^[gq]\\d/.test(id) ? "none" : null);
        if (value === null) continue;
        const where = `[data-question=${id}]`;
        if (!find(where)) continue;
        if (find(`${where} select`)) type(`${where} select`, value);
        else if (find(`${where} [type=checkbox], ${where} [type=radio]`)) {
          for (const each of [value].flat()) {
            touch(`${where} [value="${each}"]`);
            await soon();
          }
        } else type(`${where} input[type=text], ${where} textarea`, value);
        // An answer may have the page drawn anew.
        await soon();
      }
      touch("[data-act=on]");
      const isMoved = () => body.dataset.page !== page || body.dataset.screen !== "question";
      await until(() => isMoved() || find(".error"));
      if (find(".error")) throw new Error(`${page}: ${find(".error").textContent}`);
    }
    await at("review");
    touch("[data-act=seal]");
    await at("sent");
    thumb.done.push({ band, ...count, ms: performance.now() - started });
  };

  (async () => {
    for (const person of people) await one(person);
  })().catch((error) => { thumb.fault = String(error); }).then(() => { thumb.isAtEnd = true; });
}"""


def started(page: Any, people: Sequence[Mapping[str, Any]]) -> None:
    """Have these people answered for at this phone, one after another, and come back at once."""
    page.evaluate(THUMB, list(people))


def ended(page: Any) -> list[dict[str, Any]]:
    """Wait until the thumb rests; return each person's touches, what was typed, and the ms."""
    while not page.evaluate("thumb.isAtEnd"):
        page.wait_for_timeout(200)
    told: dict[str, Any] = page.evaluate("thumb")
    if told["fault"]:
        raise AssertionError(told["fault"])
    done: list[dict[str, Any]] = told["done"]
    return done
