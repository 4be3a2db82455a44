/** The tree of branches under the timeline; there is none to be seen while there is only one branch. */

import { find } from "../controls/dom.js";
import { make, setText } from "../plots/elements.js";
import { BranchRow } from "./branch_row.js";
import { createComparison } from "./compare.js";
import { Deleted } from "./deleted.js";
import { arrangeBranches, hasForked } from "./tree.js";

/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../state.js").PageState} PageState */
/** @typedef {import("../state.js").Tree} Tree */
/** @typedef {import("../controls/actions.js").Actions} Actions */

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {Actions} actions
 * @param {{signal: AbortSignal}} options
 */
export function createBranches(root, store, actions, { signal }) {
  const button = find(root, "[data-action=branches]");
  const panel = find(root, "#branches");
  const tree = new BranchTree(panel, store, actions, signal);

  /** @param {boolean} isOpen */
  function open(isOpen) {
    button.setAttribute("aria-expanded", String(isOpen));
    panel.hidden = !isOpen;
  }

  /** @type {Tree | null} */
  let before = null;
  button.addEventListener("click", () => open(Boolean(panel.hidden)), { signal });
  store.subscribe(["tree"], (state) => {
    if (!state.tree) return;
    const count = tree.grow(state.tree);
    const isSeen = state.tree.branches.length > 1;
    button.hidden = !isSeen;
    setText(find(button, "[data-shows=branch-count]"), String(count));
    // A branch that has just begun is shown; whoever does not want to see it closes it.
    open(isSeen && (!panel.hidden || hasForked(before, state.tree)));
    before = state.tree;
  }, { signal });
}

class BranchTree {
  #store;
  #actions;
  #signal;
  #comparison;
  #icons;
  #list = make("div", { className: "branch-list", attributes: { role: "radiogroup", "aria-label": "Branches" } });
  #deleted;
  /** @type {Map<number, BranchRow>} */
  #rows = new Map();

  /**
   * @param {HTMLElement} panel
   * @param {PageStore} store
   * @param {Actions} actions
   * @param {AbortSignal} signal
   */
  constructor(panel, store, actions, signal) {
    this.#store = store;
    this.#actions = actions;
    this.#signal = signal;
    this.#comparison = createComparison(store, { signal });
    this.#icons = { rename: takeIcon(panel, "rename"), remove: takeIcon(panel, "remove") };
    this.#deleted = new Deleted((number) => void this.#restore(number), { signal });
    panel.replaceChildren(this.#list, ...this.#deleted.elements);
    store.subscribe(["status", "compared"], () => this.#show(), { signal });
  }

  /**
   * Take in the tree as it is now; gives how many branches are shown.
   *
   * @param {Tree} tree
   */
  grow(tree) {
    this.#deleted.show(tree);
    return this.#show();
  }

  #show() {
    const { tree, status } = this.#store.get();
    const shown = arrangeBranches(tree?.branches ?? []);
    const isCurrent = (/** @type {number} */ number) => number === tree?.current;
    const views = shown.map((one) => ({ ...one, head: isCurrent(one.facts.number) ? (status?.head ?? 0) : one.facts.head }));
    const range = /** @type {const} */ ([
      Math.min(...views.map(({ facts }) => facts.first)),
      Math.max(...views.map(({ head }) => head)),
    ]);
    const rows = views.map((view) => {
      const { number } = view.facts;
      const row = this.#rows.get(number) ?? this.#addRow(number);
      row.show({ ...view, range, isCurrent: isCurrent(number), isCompared: this.#comparison.has(number) });
      return row.element;
    });
    for (const number of this.#rows.keys()) if (!views.some(({ facts }) => facts.number === number)) this.#rows.delete(number);
    // The same rows in the same order stay where they are, with the focus that one of them may have.
    if (rows.length !== this.#list.childElementCount || rows.some((row, i) => row !== this.#list.children[i])) {
      this.#list.replaceChildren(...rows);
    }
    return rows.length;
  }

  /** @param {number} number */
  #addRow(number) {
    const wishes = {
      enter: () => void this.#actions.tend({ type: "switch", branch: number }).then(() => this.#show()),
      rename: (/** @type {string} */ name) => this.#actions.tend({ type: "rename", branch: number, name }),
      remove: () => this.#remove(number),
      compare: (/** @type {boolean} */ on) => {
        this.#comparison.change(number, on);
        this.#show();
      },
    };
    const icons = { rename: this.#icons.rename.cloneNode(true), remove: this.#icons.remove.cloneNode(true) };
    const row = new BranchRow(wishes, icons, { signal: this.#signal });
    this.#rows.set(number, row);
    return row;
  }

  /** @param {number} number */
  async #remove(number) {
    this.#deleted.note(number);
    await this.#actions.tend({ type: "delete", branch: number });
    this.#deleted.focus();
  }

  /** @param {number} number */
  async #restore(number) {
    await this.#actions.tend({ type: "restore", branch: number });
    this.#rows.get(number)?.focus();
  }
}

/**
 * Take an icon out of the page's own; there it only waits to be used.
 *
 * @param {HTMLElement} panel
 * @param {string} name
 * @returns {Element}
 */
function takeIcon(panel, name) {
  const icon = panel.querySelector(`[data-icon=${name}]`)?.firstElementChild;
  if (!icon) throw new Error(`the branches have no icon called ${name}`);
  return icon;
}
