/* Codes of wristbands, as standards/references.py writes them. Pure. */

const ALPHABET = "23456789ACDEFHJKLMNPQRTUVWXY";

/** The character that makes one wrong or two swapped neighbours visible. */
export function checkCharacter(body) {
  const total = [...body].reduce((sum, c, at) => sum + (at + 1) * ALPHABET.indexOf(c), 0) % 29;
  return total === 28 ? "Z" : ALPHABET[total];
}

/** The code as it is written, from how somebody typed it; "" when it cannot be one. */
export function wristband(typed) {
  const found = /^B?([2-9A-Z]{7})([2-9A-Z])$/.exec(typed.toUpperCase().replace(/[^0-9A-Z]/g, ""));
  if (!found || [...found[1]].some((c) => !ALPHABET.includes(c))) return "";
  if (checkCharacter(found[1]) !== found[2]) return "";
  const eight = found[1] + found[2];
  return `B-${eight.slice(0, 4)}-${eight.slice(4)}`;
}
