/** The models that the lab comes with: a checkbox beside the data that it has one for. */

import { ask, attempt } from "../files/transfer.js";
import { LOCKED } from "../link/locks.js";
import { make } from "../plots/elements.js";
import { find } from "./dom.js";

/** @typedef {import("../link/options.js").Lockable} Lockable */
/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").PresetFacts} PresetFacts */
/** @typedef {import("./actions.js").Actions} Actions */

/** The mark with which the server begins a run on a model that the lab has (`server/sessions/models.py`). */
const PRETRAINED = "pre-trained model";

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {Actions} actions
 * @param {{signal: AbortSignal, locks: readonly Lockable[]}} options
 */
export function createPretrained(root, store, actions, { signal, locks }) {
  const box = /** @type {HTMLInputElement} */ (find(root, "input"));
  // Such a model has its own settings, data and seed.
  const isLocked = locks.length > 0;
  if (isLocked) root.insertAdjacentElement("afterend", make("span", { className: "locked", textContent: LOCKED }));
  /** What the user has asked for, until the run's marks say that it is so, or it was refused. @type {boolean | null} */
  let asked = null;

  box.addEventListener(
    "change",
    async () => {
      const preset = findPretrained(store.get());
      asked = box.checked;
      if (!box.checked) await actions.reset();
      else if (preset) await attempt(store, (address) => openPretrained(address, preset.key));
      if (!store.get().problem) return;
      asked = null;
      show(store.get());
    },
    { signal },
  );
  /** @param {Readonly<PageState>} state */
  function show(state) {
    box.disabled = isLocked || !findPretrained(state);
    const opened = state.marks.some(({ text }) => text === PRETRAINED);
    if (opened === asked) asked = null;
    box.checked = asked ?? opened;
  }
  store.subscribe(["catalog", "config", "marks"], show, { signal });
}

/**
 * The preset on the run's data that the lab has a model of, if there is one.
 *
 * @param {Readonly<Pick<PageState, "catalog" | "config">>} state
 * @returns {PresetFacts | undefined}
 */
export function findPretrained({ catalog, config }) {
  return catalog?.presets.find((preset) => preset.pretrained !== null && preset.config.data.name === config?.data.name);
}

/**
 * @param {string} address
 * @param {string} preset
 */
function openPretrained(address, preset) {
  return ask(`${address}/model?pretrained=${preset}`, { method: "POST" });
}
