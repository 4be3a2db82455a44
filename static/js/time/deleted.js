/** Deleted branches: the last deletion can be undone in one press, and each of them is brought back from a list. */

import { make, setText } from "../plots/elements.js";
import { findUndo } from "./tree.js";

/** @typedef {import("./tree.js").Tree} Tree */
/** @typedef {import("./tree.js").BranchFacts} BranchFacts */

export class Deleted {
  #undo = make("button", { type: "button", className: "button", textContent: "Undo" });
  #words = make("span");
  #line = make("p", { className: "branch-undo", hidden: true, attributes: { role: "status" } }, [this.#words, this.#undo]);
  #summary = make("summary");
  #list = make("ul");
  #others = make("details", { className: "branch-deleted", hidden: true }, [this.#summary, this.#list]);
  #restore;
  /** The branches that were deleted on this page, in this order: what others deleted, or was long ago, is no news. @type {number[]} */
  #removed = [];
  /** @type {number | undefined} */
  #generation;

  /**
   * @param {(number: number) => void} restore
   * @param {{signal: AbortSignal}} options
   */
  constructor(restore, { signal }) {
    this.#restore = restore;
    this.elements = [this.#line, this.#others];
    this.#undo.addEventListener("click", () => restore(Number(this.#undo.value)), { signal });
  }

  /** @param {number} number of a branch that is being deleted on this page */
  note(number) {
    this.#removed = [...this.#removed.filter((one) => one !== number), number];
  }

  focus() {
    this.#undo.focus();
  }

  /** @param {Tree} tree */
  show(tree) {
    if (tree.generation !== this.#generation) this.#removed = [];
    this.#generation = tree.generation;
    const newest = findUndo(tree, this.#removed);
    setText(this.#words, newest ? `${newest.name} is deleted.` : "");
    this.#undo.value = String(newest?.number ?? "");
    this.#line.hidden = newest === null;
    const others = tree.branches.filter((branch) => branch.deleted && branch !== newest);
    this.#others.hidden = others.length === 0;
    setText(this.#summary, `Deleted ${newest ? "before" : "branches"}: ${others.length}`);
    this.#list.replaceChildren(...others.map((branch) => this.#makeRow(branch)));
  }

  /** @param {BranchFacts} branch */
  #makeRow({ number, name }) {
    const button = make("button", { type: "button", className: "button", textContent: "Restore" });
    button.setAttribute("aria-label", `Restore ${name}`);
    button.addEventListener("click", () => this.#restore(number));
    return make("li", {}, [make("span", { className: "branch-name", textContent: name }), button]);
  }
}
