/** The inspector: what happens inside a step, in a node or to a sample, with the numbers of the run itself. */

import { find } from "../controls/dom.js";
import { setText } from "../plots/elements.js";
import { createChangeCheck } from "../plots/painter.js";
import { watchAcross } from "./across.js";
import { createDoor, createWays } from "./panel.js";
import { createQuestions } from "./questions.js";
import { explainSilence, findAddress, isOutdated, listCauses } from "./subjects.js";
import { tellAnswer, titleAnswer } from "./telling.js";
import { renewContent } from "./unfold.js";

/** @typedef {import("./answers.js").Answer} Answer */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").Subject} Subject */
/** @typedef {{answer: Answer, text: string} | {problem: string}} Outcome `text` is the answer as it came */

/**
 * @param {HTMLElement} root
 * @param {readonly HTMLElement[]} openers
 * @param {PageStore} store
 * @param {{signal: AbortSignal}} options
 */
export function createInspector(root, openers, store, { signal }) {
  createDoor(root, openers, store, { signal });
  createWays(root, store, { signal });
  const show = createSheet(root, store, signal);
  const isOther = createChangeCheck();
  const questions = createQuestions(
    async (/** @type {Subject} */ subject) => {
      const asked = store.get();
      return { asked, outcome: await fetchAnswer(findAddress(asked.session ?? "", subject), signal) };
    },
    (subject, { asked, outcome }) => {
      if (isOutdated(asked, store.get())) return;
      if (subject.kind === "sample") markSample(store, subject.index, outcome);
      show(outcome);
    },
    { signal },
  );

  store.subscribe(["inspected"], ({ inspected }) => {
    const node = inspected?.kind === "node" ? inspected.node : null;
    const index = inspected?.kind === "sample" ? inspected.index : null;
    store.set({ pointed: node, chosen: index === null ? null : { index, move: null } });
  }, { signal });
  // Where the next update takes a sample of another branch is not known yet.
  store.subscribe(["revision"], ({ chosen }) => chosen && store.set({ chosen: { ...chosen, move: null } }), { signal });
  store.subscribe(["inspected", "session", "status", "revision", "config"], (state) => {
    const { inspected, session, status } = state;
    if (!inspected || !session || !status) return questions.drop();
    if (!isOther(listCauses(state))) return;
    const silence = explainSilence(state);
    if (silence) {
      questions.drop();
      return show({ problem: silence });
    }
    const isPatient = status.state === "running" && inspected.kind !== "phase";
    questions.ask(inspected, { isPatient });
  }, { signal });
}

/**
 * What is written on the panel; gives what writes it anew.
 *
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {AbortSignal} signal
 * @returns {(outcome: Outcome) => void}
 */
function createSheet(root, store, signal) {
  const [title, turn] = [find(root, ".inspector-title"), find(root, ".inspector-turn")];
  const [absence, body] = [find(root, ".inspector-absence"), find(root, ".inspector-body")];
  /** @type {import("./unfold.js").Unfolded} */
  const unfolded = new Set();
  const updateAcross = watchAcross(body, { signal });
  let shown = "";

  return (outcome) => {
    const problem = "problem" in outcome ? outcome.problem : "";
    setText(absence, problem);
    for (const element of [title, turn, body]) element.hidden = problem !== "";
    if ("problem" in outcome) return;
    const { answer, text } = outcome;
    const words = titleAnswer(answer, store.get());
    setText(title, words.text);
    setText(turn, words.turn);
    turn.dataset.player = words.player;
    if (text === shown) return;
    const isSame = body.dataset.tells === words.text;
    shown = text;
    body.dataset.tells = words.text;
    renewContent(body, tellAnswer(answer, unfolded, (pointed) => store.set({ pointed })), { isSame });
    updateAcross();
    if (!isSame) root.scrollTop = 0;
  };
}

/**
 * Tell the layered view where the next update takes the sample.
 *
 * @param {PageStore} store
 * @param {number} index
 * @param {Outcome} outcome
 */
function markSample(store, index, outcome) {
  const story = "answer" in outcome && outcome.answer.kind === "sample" ? outcome.answer : null;
  const [from, to] = [story?.point ?? [], story?.moved ?? []];
  const move = from.map((place, i) => (to[i] ?? Number.NaN) - (place ?? Number.NaN));
  const known = move.length > 0 && move.every(Number.isFinite);
  store.set({ chosen: { index, move: known ? move : null } });
}

/**
 * @param {string} address
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome>}
 */
async function fetchAnswer(address, signal) {
  try {
    const response = await fetch(address, { signal });
    const text = await response.text();
    return response.ok ? { answer: JSON.parse(text), text } : { problem: describeRefusal(JSON.parse(text)) };
  } catch {
    return { problem: "The lab did not answer. It is asked again as soon as the run goes on." };
  }
}

/** @param {{error?: string}} refusal */
function describeRefusal({ error }) {
  return `The lab cannot tell: ${error ?? "it gave no reason"}.`;
}
