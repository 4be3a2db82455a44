/** The tree of branches as plain data: which are shown, in which order, and which deletion can be undone. */

import { formatCount } from "../layers/numbers.js";

/** @typedef {import("../state.js").Tree} Tree */
/** @typedef {import("../protocol.js").BranchFacts} BranchFacts */
/** A branch as it is shown: how deep it stands, and the parent that is shown too. @typedef {{facts: BranchFacts, depth: number, parent: BranchFacts | null}} Shown */

/**
 * The branches that are not deleted, each below the one it leaves; of a deleted one, below the one that it had left.
 *
 * @param {readonly BranchFacts[]} branches
 * @returns {Shown[]}
 */
export function arrangeBranches(branches) {
  const known = new Map(branches.map((branch) => [branch.number, branch]));

  /** @param {BranchFacts} branch */
  function findParent({ parent }) {
    let found = parent === null ? undefined : known.get(parent);
    while (found?.deleted) found = found.parent === null ? undefined : known.get(found.parent);
    return found ?? null;
  }

  const shown = branches.filter(({ deleted }) => !deleted);
  /**
   * @param {BranchFacts | null} parent
   * @param {number} depth
   * @returns {Shown[]}
   */
  function list(parent, depth) {
    return shown
      .filter((branch) => findParent(branch) === parent)
      .flatMap((facts) => [{ facts, depth, parent }, ...list(facts, depth + 1)]);
  }
  return list(null, 0);
}

/**
 * The number of the run that the present branch belongs to: of the one that it goes back to in the end.
 *
 * @param {Tree | null} tree
 * @returns {number | null} none where no tree is known
 */
export function findRun(tree) {
  const known = new Map(tree?.branches.map((branch) => [branch.number, branch]));
  let branch = known.get(tree?.current ?? 0);
  while (branch?.parent && known.has(branch.parent)) branch = known.get(branch.parent);
  return branch?.number ?? null;
}

/**
 * The branch whose deletion can be undone: the newest one, until there is a newer.
 *
 * @param {Tree | null} before
 * @param {Tree} after
 * @param {number | null} present the one that could be undone so far
 * @returns {number | null}
 */
export function findUndo(before, after, present) {
  const deleted = after.branches.filter((branch) => branch.deleted).map(({ number }) => number);
  const wasDeleted = new Set(before?.branches.filter((branch) => branch.deleted).map(({ number }) => number));
  const newest = deleted.findLast((number) => !wasDeleted.has(number)) ?? present;
  return newest !== null && deleted.includes(newest) ? newest : null;
}

/**
 * Whether another branch has grown out of one that was there before.
 *
 * @param {Tree | null} before
 * @param {Tree} after
 */
export function hasForked(before, after) {
  const known = new Set(before?.branches.map(({ number }) => number));
  return before !== null && after.branches.some(({ number, parent }) => parent !== null && !known.has(number));
}

/**
 * Where a branch leaves, and how far it goes.
 *
 * @param {Shown} shown
 * @param {number} head the step that it was trained to
 */
export function describeBranch({ facts, parent }, head) {
  const leaves = parent ? `leaves ${parent.name} at step ${formatCount(facts.forked_at)}, ` : "";
  return `${leaves}trained to step ${formatCount(head)}`;
}
