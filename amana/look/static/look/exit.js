// Leave quickly: blank the page, end the session, go where nothing tells. A plain link without this file.
(() => {
  const link = document.getElementById("exit");
  if (!link) return;
  let presses = 0, alone = false, timer;

  const leave = (event) => {
    event?.preventDefault();
    const proof = new FormData();
    proof.append("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]")?.value || "");
    document.title = "…";
    document.body.replaceChildren();
    document.body.className = "blank";
    try { navigator.sendBeacon(link.dataset.signOut, proof); } finally { location.replace(link.href); }
  };

  link.addEventListener("click", leave);
  document.addEventListener("keydown", (event) => { alone = event.key === "Shift"; if (!alone) presses = 0; });
  document.addEventListener("keyup", (event) => {
    if (event.key !== "Shift" || !alone) return;
    clearTimeout(timer);
    timer = setTimeout(() => { presses = 0; }, 3000);
    if (++presses === 3) leave();
  });
})();
