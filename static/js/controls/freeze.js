/** The switch that freezes a player: it keeps its weights as they are, and the other one goes on learning. */

import { explainNoPart } from "../layers/game.js";
import { make } from "../plots/elements.js";

/** @typedef {import("./settings.js").Part} Part */
/** @typedef {import("./settings.js").Workshop} Workshop */
/** @typedef {import("../state.js").Mark} Mark */
/** @typedef {"generator" | "discriminator"} Learner */

/** Enough updates to see where a discriminator goes while the generator holds still; seldom as far as it could get. */
const UPDATES_ALONE = 500;
/** What a run begins with that has frozen nobody. */
const USUAL = 1;

/**
 * @param {Learner} player
 * @param {Workshop} workshop
 * @returns {Part}
 */
export function createFreeze(player, { catalog, commit, listMarks }) {
  const path = player === "discriminator" ? "d_updates" : "g_updates";
  const button = make("button", { type: "button", className: "button freeze", textContent: "Freeze" });
  button.setAttribute("aria-label", `Freeze the ${player}`);
  const words = `The ${player} keeps its weights; the other one goes on learning`;
  button.addEventListener("click", () => {
    const isFrozen = button.getAttribute("aria-pressed") === "true";
    commit(path, isFrozen ? findFormer(listMarks(), path) : 0);
  });
  return {
    element: make("div", { className: "freeze-row" }, [button]),
    show(config) {
      const reason = player === "discriminator" ? explainNoPart({ catalog, config }) : "";
      button.setAttribute("aria-pressed", String(config[path] === 0));
      button.disabled = reason !== "";
      button.title = reason || words;
    },
    field: () => undefined,
  };
}

/**
 * The button that lets the discriminator learn alone for a while.
 *
 * @param {(player: Learner, count: number) => void} train
 * @param {import("../state.js").Catalog} catalog
 * @returns {Part}
 */
export function createAlone(train, catalog) {
  const button = make("button", { type: "button", className: "button", textContent: `Train alone, ${UPDATES_ALONE} updates` });
  const words = `Train the discriminator alone for ${UPDATES_ALONE} updates; the generator keeps its weights`;
  button.addEventListener("click", () => train("discriminator", UPDATES_ALONE));
  return {
    element: button,
    show(config) {
      const reason = explainNoPart({ catalog, config });
      button.disabled = reason !== "";
      button.title = reason || words;
      button.setAttribute("aria-description", button.title);
    },
    field: () => undefined,
  };
}

/**
 * The number of updates that a player had before it was frozen last.
 *
 * @param {readonly Pick<Mark, "changes">[]} marks
 * @param {string} path
 */
export function findFormer(marks, path) {
  const freezing = marks.findLast(({ changes }) => changes?.[path]?.[1] === 0);
  const before = freezing?.changes?.[path]?.[0];
  return typeof before === "number" && before > 0 ? before : USUAL;
}
