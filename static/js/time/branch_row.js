/** One branch in the tree: go to it, name it, compare it, delete it. */

import { make, setText } from "../plots/elements.js";
import { placeStep } from "./ticks.js";
import { describeBranch } from "./tree.js";

/** @typedef {import("./tree.js").Shown} Shown */

/**
 * What a row is told to show: the branch, how far it was trained, and the steps that all rows span.
 *
 * @typedef {Shown & {head: number, isCurrent: boolean, isCompared: boolean, range: readonly [number, number]}} BranchView
 */

/**
 * @typedef {object} BranchWishes
 * @property {() => void} enter
 * @property {(name: string) => void} rename
 * @property {() => void} remove
 * @property {(on: boolean) => void} compare
 */

const LONGEST_NAME = 40;

export class BranchRow {
  #radio = make("input", { type: "radio", name: "branch" });
  #name = make("span", { className: "branch-name" });
  #facts = make("span", { className: "branch-facts" });
  #shared = make("span", { className: "branch-shared" });
  #own = make("span", { className: "branch-own" });
  #compare = make("input", { type: "checkbox" });
  #compareLabel = make("label", { className: "check branch-compare" }, [this.#compare, "Compare"]);
  #rename;
  #remove;
  #head;
  #wishes;

  /**
   * @param {BranchWishes} wishes
   * @param {{rename: Node, remove: Node}} icons
   * @param {{signal: AbortSignal}} options
   */
  constructor(wishes, icons, { signal }) {
    this.#wishes = wishes;
    this.#rename = make("button", { type: "button", className: "button quiet" }, [icons.rename]);
    this.#remove = make("button", { type: "button", className: "button quiet" }, [icons.remove]);
    this.#head = make("div", { className: "branch-head" }, [make("label", { className: "check" }, [this.#radio, this.#name])]);
    const track = make("span", { className: "branch-track", attributes: { "aria-hidden": "true" } }, [this.#shared, this.#own]);
    const tools = make("div", { className: "branch-tools" }, [this.#compareLabel, this.#rename, this.#remove]);
    this.element = make("div", { className: "branch" }, [this.#head, this.#facts, tools, track]);
    this.#radio.addEventListener("change", () => wishes.enter(), { signal });
    this.#compare.addEventListener("change", () => wishes.compare(this.#compare.checked), { signal });
    this.#rename.addEventListener("click", () => this.#edit(), { signal });
    this.#remove.addEventListener("click", () => wishes.remove(), { signal });
  }

  /** @param {BranchView} view */
  show(view) {
    const { facts, depth, isCurrent, range } = view;
    this.element.style.setProperty("--depth", String(depth));
    this.element.classList.toggle("is-current", isCurrent);
    this.#radio.checked = isCurrent;
    setText(this.#name, facts.name);
    setText(this.#facts, describeBranch(view, view.head));
    this.#compareLabel.hidden = this.#remove.hidden = isCurrent;
    this.#compare.checked = view.isCompared;
    for (const [control, verb] of /** @type {const} */ ([[this.#compare, "Compare"], [this.#rename, "Rename"], [this.#remove, "Delete"]])) {
      control.setAttribute("aria-label", `${verb} ${facts.name}`);
      control.title = `${verb} ${facts.name}`;
    }
    const [first, left, last] = [facts.first, facts.forked_at, view.head].map((step) => 100 * placeStep(step, range));
    spread(this.#shared, first, left);
    spread(this.#own, left, last);
  }

  focus() {
    this.#radio.focus();
  }

  /** Let the name be changed in its place: Enter or leaving it takes the new one, Escape the old one. */
  #edit() {
    const name = this.#name.textContent ?? "";
    const field = make("input", { className: "input branch-field", value: name, maxLength: LONGEST_NAME });
    field.setAttribute("aria-label", `Name of ${name}`);
    this.#head.classList.add("is-edited");
    this.#head.append(field);
    this.#rename.disabled = true;
    field.select();
    field.focus();
    let isOver = false;
    const finish = (/** @type {boolean} */ taken) => {
      if (isOver) return;
      isOver = true;
      const wish = field.value.trim();
      if (taken && wish && wish !== name) this.#wishes.rename(wish);
      this.#rename.disabled = false;
      if (field === document.activeElement) this.#rename.focus();
      field.remove();
      this.#head.classList.remove("is-edited");
    };
    field.addEventListener("blur", () => finish(true));
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      // The button that takes the focus must not be pressed by the same key.
      event.preventDefault();
      finish(event.key === "Enter");
    });
  }
}

/**
 * @param {HTMLElement} bar
 * @param {number} from in percent
 * @param {number} to in percent
 */
function spread(bar, from, to) {
  bar.style.setProperty("inset-inline", `${from}% ${100 - to}%`);
}
