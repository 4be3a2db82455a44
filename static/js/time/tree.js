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
 * What tells a branch from all others that the page has had: the branches of an opened file have numbers of their own.
 *
 * @param {Pick<Tree, "generation" | "current"> | null} tree
 * @param {number} [number] none: the present branch
 */
export function identifyBranch(tree, number = tree?.current) {
  return `${tree?.generation ?? 0}:${number ?? 0}`;
}

/**
 * What tells the run that the present branch belongs to, the one that it goes back to in the end, from all others.
 *
 * @param {Tree | null} tree
 * @returns {string | null} none where no tree is known
 */
export function identifyRun(tree) {
  const known = new Map(tree?.branches.map((branch) => [branch.number, branch]));
  let branch = known.get(tree?.current ?? 0);
  while (branch?.parent && known.has(branch.parent)) branch = known.get(branch.parent);
  return branch ? identifyBranch(tree, branch.number) : null;
}

/**
 * The branch whose deletion can be undone: the last one that is not undone yet.
 *
 * @param {Tree} tree
 * @param {readonly number[]} removed the branches that were deleted, in this order
 * @returns {BranchFacts | null}
 */
export function findUndo({ branches }, removed) {
  const deleted = branches.filter((branch) => branch.deleted);
  const newest = removed.findLast((number) => deleted.some((branch) => branch.number === number));
  return deleted.find(({ number }) => number === newest) ?? null;
}

/**
 * Whether another branch has grown out of one that was there before, or has come with a file.
 *
 * @param {Tree | null} before
 * @param {Tree} after
 */
export function hasForked(before, after) {
  const isSame = before?.generation === after.generation;
  const known = new Set(isSame ? before?.branches.map(({ number }) => number) : []);
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
