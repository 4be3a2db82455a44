/** Models: the run as a file, a file as the run, and the models that the lab comes with. */

import { make } from "../plots/elements.js";
import { find } from "./dom.js";

/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").PresetFacts} PresetFacts */
/** @typedef {import("./actions.js").Actions} Actions */

/** The mark with which the server begins a run on a model that the lab has (`server/sessions/models.py`). */
const PRETRAINED = "pre-trained model";

/**
 * @param {{files: HTMLElement, pretrained: HTMLElement}} places
 * @param {PageStore} store
 * @param {Actions} actions
 * @param {{signal: AbortSignal}} options
 */
export function createModels({ files, pretrained }, store, actions, { signal }) {
  const input = /** @type {HTMLInputElement} */ (find(files, "input[type=file]"));
  const box = /** @type {HTMLInputElement} */ (find(pretrained, "input"));
  /** What the user has asked for, until the run's marks say that it is so, or it was refused. @type {boolean | null} */
  let asked = null;

  find(files, "[data-action=save-model]").addEventListener("click", () => attempt(store, saveModel), { signal });
  find(files, "[data-action=load-model]").addEventListener("click", () => input.click(), { signal });
  input.addEventListener(
    "change",
    async () => {
      const chosen = [...(input.files ?? [])];
      await attempt(store, (address) => loadModel(address, chosen));
      input.value = ""; // so that the same file can be chosen again
    },
    { signal },
  );

  box.addEventListener(
    "change",
    async () => {
      const preset = findPretrained(store.get());
      asked = box.checked;
      if (!box.checked) await actions.reset();
      else if (preset) await attempt(store, (address) => ask(`${address}?pretrained=${preset.key}`, { method: "POST" }));
      if (!store.get().problem) return;
      asked = null;
      show(store.get());
    },
    { signal },
  );
  /** @param {Readonly<PageState>} state */
  function show(state) {
    box.disabled = !findPretrained(state);
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
 * What to send for the files that were chosen: a model of the lab, or the two files that GAN Lab saves.
 *
 * @param {readonly File[]} files
 * @returns {{query: string, parts: readonly File[]}}
 */
export function arrangeFiles(files) {
  const manifest = files.find(({ name }) => name.toLowerCase().endsWith(".json"));
  if (!manifest && files.length === 1) return { query: "", parts: files };
  const weights = files.find((file) => file !== manifest);
  if (!manifest || !weights || files.length !== 2) {
    throw new Error("Choose one saved model, or GAN Lab's two files together: its JSON and its weights.");
  }
  return { query: `?manifest=${manifest.size}`, parts: [manifest, weights] };
}

/**
 * @param {PageStore} store
 * @param {(address: string) => Promise<unknown>} action
 */
async function attempt(store, action) {
  store.set({ problem: null });
  const { session, connection } = store.get();
  try {
    if (!session || connection !== "open") throw new Error("The lab is not connected just now.");
    await action(`/api/sessions/${encodeURIComponent(session)}/model`);
  } catch (error) {
    store.set({ problem: /** @type {Error} */ (error).message });
  }
}

/** @param {string} address */
async function saveModel(address) {
  const answer = await ask(address, {});
  const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "model.safetensors";
  const href = URL.createObjectURL(await answer.blob());
  make("a", { href, download: name }).click();
  URL.revokeObjectURL(href);
}

/**
 * @param {string} address
 * @param {readonly File[]} files
 */
async function loadModel(address, files) {
  const { query, parts } = arrangeFiles(files);
  await ask(address + query, { method: "POST", body: new Blob([...parts]) });
}

/**
 * @param {string} address
 * @param {RequestInit} request
 */
async function ask(address, request) {
  const answer = await fetch(address, request);
  if (!answer.ok) throw new Error((await answer.json()).error);
  return answer;
}
