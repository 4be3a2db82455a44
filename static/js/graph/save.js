/** The buttons that save the model overview. */

import { giveFile } from "../files/transfer.js";
import { formatColour, watchPalette } from "../palette.js";
import { make } from "../plots/elements.js";
import { createSaveTools } from "../plots/tools.js";
import { drawGraph } from "./picture.js";

/** @typedef {import("../state.js").PageStore} PageStore */

/** So many pixels of a saved picture for each of the page's. */
const SHARPNESS = 2;

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} graph
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createGraphTools(root, graph, store, { signal }) {
  let background = "";
  watchPalette(({ panel }) => (background = formatColour(panel)), { signal });

  /** @param {"png" | "svg"} format */
  async function save(format) {
    const step = store.get().status?.step ?? 0;
    const picture = drawGraph(graph, `Model overview at step ${step}`, background);
    const svg = new Blob([picture.svg], { type: "image/svg+xml" });
    giveFile(format === "svg" ? svg : await paint(picture), `gan-overview-step-${step}.${format}`);
  }
  const tools = createSaveTools((format) => void save(format), { signal, of: "overview", quiet: true });
  root.append(tools.element);
  store.subscribe(["frame"], ({ frame }) => frame && tools.enable(), { signal });
}

/**
 * @param {ReturnType<typeof drawGraph>} picture
 * @returns {Promise<Blob>}
 */
async function paint({ svg, width, height }) {
  const image = make("img", { src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}` });
  await image.decode();
  const canvas = new OffscreenCanvas(SHARPNESS * width, SHARPNESS * height);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/png" });
}
