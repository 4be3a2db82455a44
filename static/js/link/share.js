/** The Share dialog: the link to the run as it is, to copy or to scan, and what it hides and locks for others. */

import { find } from "../controls/dom.js";
import { make, setText } from "../plots/elements.js";
import { HIDEABLE, LOCKABLE } from "./options.js";
import { addToken } from "./token.js";
import { writeLink } from "./write.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("./options.js").Hideable} Hideable */
/** @typedef {import("./options.js").Lockable} Lockable */
/** @typedef {import("./options.js").Options} Options */

/** As many signs as the server makes a code of (`server/web/qr.py`). */
const MOST_SCANNED = 1_200;
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];
const TOO_LONG = "The link is too long for a code that a phone could read.";
const AT_HOME = "This address is one of this computer alone: open the lab by an address that others can reach.";

/**
 * @param {{dialog: HTMLDialogElement, button: HTMLElement}} parts
 * @param {PageStore} store
 * @param {Readonly<Options>} options of the link that the page was opened with
 * @param {{signal: AbortSignal}} lifetime
 */
export function createShare({ dialog, button }, store, options, { signal }) {
  const field = /** @type {HTMLInputElement} */ (find(dialog, "#share-link"));
  const embed = /** @type {HTMLInputElement} */ (find(dialog, "[name=embed]"));
  const copied = find(dialog, "[data-shows=copied]");
  const [hide, lock] = [find(dialog, "[data-place=hide]"), find(dialog, "[data-place=lock]")];
  embed.checked = options.embed;

  /** The boxes are made when they are first seen: a page that nobody shares has none. */
  function build() {
    if (hide.querySelector("input")) return;
    hide.append(...buildBoxes("hide", HIDEABLE, options.hide));
    lock.append(...buildBoxes("lock", LOCKABLE, options.lock));
  }

  function show() {
    const chosen = { hide: readBoxes(hide), lock: readBoxes(lock), embed: embed.checked };
    const written = writeLink(store.get(), /** @type {Options} */ (chosen));
    if (!written) return;
    const fragment = addToken(written.fragment, dialog.dataset.token ?? "");
    const address = `${location.origin}${location.pathname}${fragment && `#${fragment}`}`;
    field.value = address;
    setText(copied, "");
    // It promises the same picture, which a link that leaves something out does not give.
    find(dialog, "#share-help").hidden = written.notes.length > 0;
    const notes = [...written.notes, ...(LOOPBACK.includes(location.hostname) ? [AT_HOME] : [])];
    find(dialog, "[data-shows=notes]").replaceChildren(...notes.map((text) => make("li", {}, [text])));
    showCode(find(dialog, ".share-code"), address);
  }

  button.addEventListener(
    "click",
    () => {
      build();
      show();
      dialog.showModal();
      field.select();
    },
    { signal },
  );
  dialog.addEventListener("change", ({ target }) => target !== field && show(), { signal });
  find(dialog, "[data-action=copy-link]").addEventListener(
    "click",
    async () => setText(copied, (await copy(field)) ? "Copied." : "Copy the selected link by hand."),
    { signal },
  );
}

/**
 * @param {HTMLElement} place
 * @param {string} address
 */
function showCode(place, address) {
  if (address.length > MOST_SCANNED) {
    place.replaceChildren(make("p", { className: "field-help", textContent: TOO_LONG }));
    return;
  }
  const src = `/api/qr?text=${encodeURIComponent(address)}`;
  place.replaceChildren(make("img", { src, alt: "The link as a QR code", width: 240, height: 240 }));
}

/**
 * @param {string} name
 * @param {Readonly<Record<string, string>>} labels
 * @param {readonly string[]} chosen
 */
function buildBoxes(name, labels, chosen) {
  return Object.entries(labels).map(([value, label]) => {
    const box = make("input", { type: "checkbox", name, value, checked: chosen.includes(value) });
    return make("label", { className: "check" }, [box, label]);
  });
}

/** @param {HTMLElement} place */
function readBoxes(place) {
  return [...place.querySelectorAll("input")].filter(({ checked }) => checked).map(({ value }) => value);
}

/**
 * Copy a field's text; it is selected in any case.
 *
 * @param {HTMLInputElement} field
 * @returns {Promise<boolean>} whether it is copied: a page that came without encryption may not
 */
async function copy(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return false;
  }
}
