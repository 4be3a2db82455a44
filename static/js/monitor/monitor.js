/** What went wrong, by name: the newest finding whole, the ones before it folded, each with what may help. */

import { find, passFocus } from "../controls/dom.js";
import { formatCount } from "../layers/numbers.js";
import { LOCKED } from "../link/locks.js";
import { make, setText } from "../plots/elements.js";
import { identifyBranch } from "../time/tree.js";
import { applyRemedy, chooseStart, identify, listEvidence, nameVerdict } from "./verdicts.js";

/** @typedef {import("./verdicts.js").Verdict} Verdict */
/** @typedef {import("./verdicts.js").Remedy} Remedy */
/** @typedef {import("../link/options.js").Lockable} Lockable */
/** @typedef {import("../state.js").PageStore} PageStore */
/** @typedef {import("../controls/actions.js").Actions} Actions */
/** @typedef {import("../controls/configs.js").Change} Change */

/**
 * @param {HTMLElement} root
 * @param {PageStore} store
 * @param {Actions} actions
 * @param {Change} change
 * @param {{signal: AbortSignal, locks: readonly Lockable[]}} options
 */
export function createMonitor(root, store, actions, change, { signal, locks }) {
  const isLocked = locks.includes("settings");
  const newest = find(root, ".verdict-newest");
  const earlier = /** @type {HTMLDetailsElement} */ (find(root, "details"));
  /** What the reader does not want to see any more. @type {Set<string>} */
  const dismissed = new Set();
  let shown = "";

  /** @param {Verdict} verdict */
  const name = (verdict) => identify(verdict, identifyBranch(store.get().tree));

  /**
   * Go back to before it began and on with other settings: the run becomes a branch.
   * @param {Verdict} verdict
   * @param {Remedy} remedy
   */
  async function treat(verdict, remedy) {
    await actions.seek(chooseStart(verdict, store.get()));
    if (store.get().problem !== null) return;
    try {
      await change((config) => applyRemedy(config, remedy));
    } catch (error) {
      store.set({ problem: /** @type {Error} */ (error).message });
    }
  }

  /** @param {Verdict} verdict */
  function dismiss(verdict) {
    dismissed.add(name(verdict));
    show();
  }

  /** @param {Verdict} verdict */
  function build(verdict) {
    const { catalog } = store.get();
    const title = nameVerdict(verdict, catalog);
    const facts = listEvidence(verdict, catalog).map(({ label, value }) =>
      make("div", {}, [make("dt", { textContent: label }), make("dd", { textContent: value })]),
    );
    const buttons = verdict.remedies.map((remedy) => {
      const button = make("button", { type: "button", className: "button", textContent: remedy.label });
      button.addEventListener("click", () => void treat(verdict, remedy), { signal });
      return button;
    });
    const close = make("button", { type: "button", className: "button quiet", textContent: "Dismiss" });
    close.setAttribute("aria-label", `Dismiss: ${title}`);
    close.addEventListener("click", () => dismiss(verdict), { signal });
    const start = chooseStart(verdict, store.get());
    const hint = `Try from step ${formatCount(start)}, as a branch${isLocked ? ` (${LOCKED})` : ""}:`;
    return make("article", { className: "verdict", attributes: { "aria-label": title } }, [
      make("p", { className: "verdict-words" }, [
        make("strong", { textContent: title }),
        make("span", { className: "verdict-began", textContent: `began at step ${formatCount(verdict.began_at)}` }),
        make("span", { textContent: verdict.sentence }),
      ]),
      make("dl", { className: "verdict-facts", hidden: facts.length === 0 }, facts),
      make("div", { className: "verdict-ways" }, [
        ...(buttons.length > 0 ? [make("fieldset", { className: "bare", disabled: isLocked }, [hint, ...buttons])] : []),
        close,
      ]),
    ]);
  }

  function show() {
    const { verdicts, catalog } = store.get();
    const present = verdicts.filter((verdict) => !dismissed.has(name(verdict))).toReversed();
    const wanted = [catalog !== null, ...present.map(name)].join("; ");
    if (wanted === shown) return;
    shown = wanted;
    const hadFocus = root.contains(document.activeElement);
    root.hidden = present.length === 0;
    newest.replaceChildren(...present.slice(0, 1).map(build));
    const rest = present.slice(1);
    earlier.hidden = rest.length === 0;
    setText(find(earlier, "summary"), rest.length === 1 ? "1 earlier finding" : `${rest.length} earlier findings`);
    find(earlier, ".verdict-earlier").replaceChildren(...rest.map(build));
    if (hadFocus) passFocus(root.querySelector("button:enabled"));
  }

  store.subscribe(["verdicts", "catalog", "tree"], show, { signal });
}
