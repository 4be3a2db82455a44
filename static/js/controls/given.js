/** Data of one's own: the dialogs that make them, the buttons that open these, and the way back to the data before. */

import { createDrawing } from "./drawing.js";
import { find } from "./dom.js";
import { tabMemory } from "./memory.js";
import { askWithNeeds } from "./needs.js";
import { createUpload } from "./upload.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").UnitConfig} UnitConfig */
/** @typedef {import("../data/strokes.js").Point} Point */
/** @typedef {import("./configs.js").Change} Change */
/** @typedef {"drawing" | "points"} GivenKey The data sets that a reader makes. */
/** @typedef {ReturnType<typeof createGiven>} GivenData */

const MEMORY_KEY = "ganlab.former-data";

/**
 * Whether a data set is one that a reader makes: choosing it opens its dialog.
 *
 * @param {unknown} name
 * @returns {name is GivenKey}
 */
export function isGiven(name) {
  return name === "drawing" || name === "points";
}

/**
 * @param {{drawing: HTMLDialogElement, points: HTMLDialogElement, actions: HTMLElement}} parts
 * @param {PageStore} store
 * @param {Change} change
 * @param {{signal: AbortSignal}} options
 */
export function createGiven({ drawing, points, actions }, store, change, { signal }) {
  /** What was used before the newest data of one's own. @type {UnitConfig | null} */
  let former = recallFormer(store.get().session);

  /** @param {(before: UnitConfig) => UnitConfig} edit */
  async function replaceData(edit) {
    const before = store.get().config?.data ?? null;
    await askWithNeeds(store, change)((config) => ({ ...config, data: edit(config.data) }));
    former = before;
    tabMemory.remember(MEMORY_KEY, JSON.stringify({ session: store.get().session, former }));
    showActions();
  }

  /** @param {GivenKey} name */
  const applyTo = (name) => (/** @type {{points: Point[], noise: number}} */ values) =>
    replaceData((before) => ({ ...(before.name === name ? before : {}), name, ...values }));
  const editors = {
    drawing: createDrawing(drawing, store, applyTo("drawing"), { signal }),
    points: createUpload(points, store, applyTo("points"), { signal }),
  };

  /** @param {GivenKey} name */
  function open(name) {
    const data = store.get().config?.data;
    editors[name].open(data?.name === name ? data : null);
  }

  function showActions() {
    const data = store.get().config?.data;
    find(actions, "[data-action=edit-drawing]").hidden = data?.name !== "drawing";
    find(actions, "[data-action=former-data]").hidden =
      former === null || JSON.stringify(former) === JSON.stringify(data);
  }

  /** @type {[string, () => void][]} */
  const buttons = [
    ["edit-drawing", () => open("drawing")],
    ["upload-points", () => open("points")],
    [
      "former-data",
      async () => {
        try {
          await replaceData((now) => former ?? now);
        } catch (error) {
          store.set({ problem: /** @type {Error} */ (error).message });
        }
      },
    ],
  ];
  for (const [name, action] of buttons) {
    find(actions, `[data-action=${name}]`).addEventListener("click", action, { signal });
  }
  for (const dialog of [drawing, points]) {
    for (const button of dialog.querySelectorAll("[data-action=cancel]")) {
      button.addEventListener("click", () => dialog.close(), { signal });
    }
    // However it was closed: the data set that is chosen is that of the run as it is.
    dialog.addEventListener("close", () => store.set({ config: store.get().config }), { signal });
  }
  store.subscribe(["config"], showActions, { signal });
  return {
    open,
    /**
     * What was made last for a data set, whatever the run has now.
     *
     * @param {string} name
     */
    recall: (name) => (name === "drawing" ? editors.drawing.recall() : null),
  };
}

/**
 * The data before those of one's own, if it is this session that they belong to.
 *
 * @param {string | null} session
 * @returns {UnitConfig | null}
 */
function recallFormer(session) {
  const kept = JSON.parse(tabMemory.recall(MEMORY_KEY) ?? "null");
  return session !== null && kept?.session === session ? kept.former : null;
}
