// Small courtesies; every page works without them.
(() => {
  const say = (text) => {
    const notice = document.getElementById("notice");
    if (!notice || !text) return;
    const line = document.createElement("p");
    line.className = "notice";
    line.textContent = text;
    notice.replaceChildren(line);
  };

  document.querySelector(".problems")?.focus();

  // A second press while the first is under way sends nothing; a slow line gets a sentence.
  const release = (form) => { clearTimeout(form.slow); delete form.dataset.sent; };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    form.slow = setTimeout(() => say(document.body.dataset.busy), 2500);
    setTimeout(() => release(form), 20000);
  });
  document.addEventListener("htmx:afterRequest", (event) => { const form = event.target.closest("form"); if (form) release(form); });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));

  // "None of these" and its like stand alone in a group of boxes.
  const lonely = ["none", "unknown", "declined"];
  document.addEventListener("change", ({ target }) => {
    if (target.type !== "checkbox" || !target.checked) return;
    const group = target.closest("fieldset")?.querySelectorAll("input[type=checkbox]") || [];
    for (const box of group) {
      if (box === target || box.name !== target.name) continue;
      if (lonely.includes(target.value) || lonely.includes(box.value)) box.checked = false;
    }
  });
})();
