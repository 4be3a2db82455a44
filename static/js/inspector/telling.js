/** What the inspector shows of an answer: a title, and all that is told below it. */

import { formatCount } from "../layers/numbers.js";
import { make } from "../plots/elements.js";
import { createLayers } from "./layers.js";
import { createCode, createFormulas, createNotes, createPart, createTensors } from "./parts.js";
import { describeChange, describeTurn, titlePhase } from "./phase_words.js";
import { createStory } from "./story.js";
import { NODES } from "./subjects.js";

/** @typedef {import("./answers.js").Answer} Answer */
/** @typedef {import("./answers.js").Inspection} Inspection */
/** @typedef {import("./unfold.js").Unfolded} Unfolded */

/**
 * @typedef {object} Title
 * @property {string} text
 * @property {string} turn whose turn it is, and when
 * @property {string} player whose colour the turn wears; empty where nobody's
 */

/**
 * @param {Answer} answer
 * @param {Readonly<Pick<import("../state.js").PageState, "status" | "catalog" | "config">>} state
 * @returns {Title}
 */
export function titleAnswer(answer, state) {
  const { status } = state;
  if (answer.kind === "phase") {
    return { text: titlePhase(answer, state), turn: describeTurn(answer, status?.phase?.updates ?? null), player: answer.player };
  }
  const isInside = status?.state === "stepping";
  const turn = isInside ? `Inside step ${formatCount(answer.step + 1)}` : `After step ${formatCount(answer.step)}`;
  if (answer.kind === "sample") return { text: `The story of sample ${formatCount(answer.index + 1)}`, turn, player: "" };
  const node = NODES.find(({ key }) => key === answer.node);
  return { text: node?.title ?? answer.node, turn, player: node?.player ?? "" };
}

/**
 * @param {Answer} answer
 * @param {Unfolded} unfolded
 * @param {(node: string | null) => void} point light a node of the graph
 * @returns {HTMLElement[]}
 */
export function tellAnswer(answer, unfolded, point) {
  if (answer.kind === "sample") return [...createNotes(answer.notes), createStory(answer, unfolded, point)];
  const change = answer.kind === "phase" ? [make("p", { textContent: describeChange(answer) })] : [];
  return [...change, ...createNotes(answer.notes), ...tellNumbers(answer, unfolded)];
}

/**
 * @param {Inspection} inspection
 * @param {Unfolded} unfolded
 */
function tellNumbers({ subject, formula, tensors, layers, code }, unfolded) {
  const whose = make("p", { className: "inspector-soft", textContent: `The numbers are those of ${subject}.` });
  return [
    ...createPart("What is computed", formula.length ? [whose, createFormulas(formula)] : []),
    ...createPart("Layer by layer", createLayers(layers, unfolded)),
    ...createPart("What it works on", tensors.length ? [createTensors(tensors, unfolded)] : []),
    ...createPart("In PyTorch", [createCode(code, "code")]),
  ];
}
