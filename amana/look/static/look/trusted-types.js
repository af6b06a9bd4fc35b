// The one policy by which text may become part of a page: what could run there is refused.
// A second line behind the nonce of every script; it also stops what a nonce does not see.
(() => {
  const runs = /<\s*\/?\s*script|<[^>]*[\s\/"'](on\w+|hx-on[\w:-]*|srcdoc)\s*=|javascript\s*:|<\s*(iframe|object|embed|base|meta)\b/i;
  window.trustedTypes?.createPolicy("default", {
    createHTML: (text) => {
      if (runs.test(text)) throw new TypeError("refused");
      return text;
    },
  });
})();
