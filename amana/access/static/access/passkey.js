// Asks the browser for a passkey and fills its answer into the form; without it nothing is shown.
(() => {
  const form = document.querySelector("form[data-passkey]");
  if (!form || !window.PublicKeyCredential || !navigator.credentials) return;
  form.closest("[hidden]").hidden = false;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const options = JSON.parse(form.dataset.options);
  const question = { prf: { eval: { first: bytes(options.extensions.prf.eval.first) } } };
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const ask = (isNew) => {
    const publicKey = { ...options, challenge: bytes(options.challenge), extensions: question };
    if (!isNew) return navigator.credentials.get({ publicKey: { ...publicKey, allowCredentials: known(options.allowCredentials) } });
    publicKey.user = { ...options.user, id: bytes(options.user.id) };
    publicKey.excludeCredentials = known(options.excludeCredentials);
    return navigator.credentials.create({ publicKey });
  };

  // Some passkeys answer the question only when they are used, not yet when they are made.
  const answerOf = async (credential, isNew) => {
    const said = credential.getClientExtensionResults().prf || {};
    if (said.results?.first || !isNew || !said.enabled) return said.results?.first;
    const challenge = crypto.getRandomValues(new Uint8Array(32));
    const allowCredentials = [{ type: "public-key", id: credential.rawId }];
    const used = await navigator.credentials.get({
      publicKey: { challenge, allowCredentials, rpId: options.rp.id, userVerification: "required", extensions: question },
    });
    return used.getClientExtensionResults().prf?.results?.first;
  };

  // Field by field and not toJSON: that would carry the answer to the question a second time.
  const written = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {} });
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const trouble = form.querySelector("[role=alert]");
    trouble.textContent = "";
    try {
      const isNew = form.dataset.passkey === "new";
      const credential = await ask(isNew);
      const prf = await answerOf(credential, isNew);
      form.elements.answer.value = written(credential);
      form.elements.prf.value = prf ? text(prf) : "";
      form.submit();
    } catch {
      trouble.textContent = form.dataset.trouble;
    }
  });
})();
