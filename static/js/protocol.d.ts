/** The messages between page and server. Written by `python -m server.protocol.typescript`; do not edit. */

export type Layer = "noise" | "real" | "generated" | "averaged" | "refined" | "reconstructed" | "encoded" | "predictions" | "surface" | "optimum" | "warp" | "streams" | "gradients" | "d_gradients" | "density";

export type State = "paused" | "running" | "stepping" | "failed" | "closed";

export type Player = "both" | "discriminator" | "generator";

/**
 * Go on to the next phase of the step, or to the first one of the next step; a run that plays is paused.
 */
export interface Advance {
  type: "advance";
  id: number;
}

/**
 * Go back by one step, or to the beginning of the step that the run stands in; or by one phase.
 */
export interface Back {
  type: "back";
  id: number;
  by?: "step" | "phase";
}

/**
 * Change the run to `config` (complete or partial: missing keys take their defaults).
 *
 * Changes of seed, data, latent or networks begin a new run at step 0; all others apply while it goes on.
 */
export interface Configure {
  type: "configure";
  id: number;
  config: Record<string, unknown>;
}

/**
 * Allow `count` more frames; sent after a frame is painted.
 */
export interface Credit {
  type: "credit";
  count?: number;
}

/**
 * Take a branch out of the tree; it can be restored for a while.
 */
export interface Delete {
  type: "delete";
  id: number;
  branch: number;
}

/**
 * First message: begin a session, or come back to `session`.
 *
 * `seen` is the number of the newest event that the page still holds (0: it holds nothing).
 * `waits`: where the lab is full, the page waits in line and is told its place; without, it is refused.
 */
export interface Hello {
  type: "hello";
  protocol?: number;
  session?: string | null;
  seen?: number;
  config?: Record<string, unknown> | null;
  preset?: string | null;
  waits?: boolean;
}

/**
 * Stop training; `done` comes when the last step is over, and nothing changes after it.
 *
 * A run in slow motion stops where it is, inside its step.
 */
export interface Pause {
  type: "pause";
  id: number;
}

/**
 * Train until paused, and at most until step `until` or until `stop` holds at a step that is scored.
 *
 * `rate` bounds the steps a second (none: as fast as it goes). With `phases_per_second` the run walks through its
 * steps phase by phase, in slow motion; without, a step that it stands in is finished first.
 */
export interface Play {
  type: "play";
  id: number;
  rate?: number | null;
  phases_per_second?: number | null;
  until?: number | null;
  stop?: StopBelow | null;
}

/**
 * Give a branch a name.
 */
export interface Rename {
  type: "rename";
  id: number;
  branch: number;
  name: string;
}

/**
 * Begin a new run at step 0 with the same settings; the same seed, or the one given. The one before is kept.
 */
export interface Reset {
  type: "reset";
  id: number;
  seed?: number | null;
}

/**
 * Bring a deleted branch back.
 */
export interface Restore {
  type: "restore";
  id: number;
  branch: number;
}

/**
 * Go to a step of this branch that was trained before, and stand still there, as it was, bit for bit.
 *
 * What is recorded beyond it stays: to play or to step goes along it, and a change leaves it, as a new branch.
 */
export interface Seek {
  type: "seek";
  id: number;
  step: number;
}

/**
 * Train `count` steps: whole ones, or one update of one player each.
 *
 * A step that the run stands in is the first of the whole ones; before an update of one player it is finished.
 */
export interface Step {
  type: "step";
  id: number;
  player?: Player;
  count?: number;
}

/**
 * A stop condition: the metric has fallen under `below`.
 */
export interface StopBelow {
  metric: "grid_kl" | "grid_js";
  below: number;
}

/**
 * Go to another branch, where it was left.
 */
export interface Switch {
  type: "switch";
  id: number;
  branch: number;
}

/**
 * Say which layers the page shows; nothing else is computed or sent.
 */
export interface Watch {
  type: "watch";
  layers: Layer[];
}

/**
 * A branch: from step `forked_at` on it is not its parent's any more; it was trained up to step `head`.
 */
export interface BranchFacts {
  number: number;
  name: string;
  parent: number | null;
  forked_at: number;
  first: number;
  head: number;
  deleted: boolean;
}

/**
 * The run's config now, complete; `restarted` when a new run began at step 0.
 */
export interface Configured {
  type: "configured";
  event: number;
  config: Record<string, unknown>;
  revision: number;
  restarted: boolean;
}

/**
 * Why a run stopped: which quantity of which player was not finite, at which step.
 *
 * Where its numbers were finite and the lab itself could not go on with it, player and quantity are empty.
 */
export interface Divergence {
  step: number;
  player: string;
  quantity: string;
  message: string;
}

/**
 * The command called `id` is carried out; `step` is the run's step after it.
 */
export interface Done {
  type: "done";
  id: number;
  step: number;
}

/**
 * Something was refused; `id` is the command's, or none where it could not be read.
 *
 * Where it is a run's description, `refusal` is the message in parts.
 */
export interface Failure {
  type: "failure";
  id: number | null;
  message: string;
  refusal: Refusal | null;
}

/**
 * What a perfect generator would score on each metric for this run's data.
 */
export interface Floors {
  type: "floors";
  event: number;
  revision: number;
  values: Record<string, number>;
}

/**
 * Something that the user did at a step: what changed, by dotted path, before and after.
 */
export interface Mark {
  type: "mark";
  event: number;
  step: number;
  revision: number;
  text: string;
  changes: Record<string, [unknown, unknown]>;
}

/**
 * The metrics at one step, in the metrics' own units; none where one is not defined there.
 */
export interface MetricRow {
  step: number;
  values: Record<string, number | null>;
}

/**
 * First answer to a hello that waits while the lab is full, and again whenever its place is another.
 *
 * The page is the `place`-th in line, counted from 1, for one of all `sessions`; a welcome follows by itself, and
 * leaving gives the place up.
 */
export interface Queued {
  type: "queued";
  place: number;
  sessions: number;
}

/**
 * What is wrong at `path` of a run's description; the words put together are the sentence after `path: `.
 */
export interface Refusal {
  path: string;
  words: (string | Term)[];
}

/**
 * A change of the run that may help: what a button says, and new values by dotted key.
 */
export interface Remedy {
  label: string;
  changes: Record<string, unknown>;
}

/**
 * All rows of scalars since the last such message, in order; a loss is none where its player did not play.
 */
export interface Scalars {
  type: "scalars";
  event: number;
  revision: number;
  steps: number[];
  d_loss: (number | null)[];
  g_loss: (number | null)[];
  metrics: MetricRow[];
}

/**
 * Where the run is; sent whenever the state changes, at every phase, and a few times a second while it runs.
 *
 * Every step from `first` to `head` can be gone to; `step` is less than `head` where the run went back.
 * `phase` is the one just passed where the run goes phase by phase; `reason` says why it stopped by itself, if it did.
 * `unkept` says why what happens now would be lost with the lab's process, while that is so.
 */
export interface Status {
  type: "status";
  state: State;
  step: number;
  d_updates: number;
  g_updates: number;
  first: number;
  head: number;
  revision: number;
  steps_per_second: number;
  failure: Divergence | null;
  phase: StepPhase | null;
  reason: string | null;
  unkept: string | null;
}

/**
 * A phase that has just been passed: the `number`-th of `count` of the step, in one of a player's updates.
 *
 * `numbers` are those of the phase, such as d_loss or gradient_norm; none where one is not finite.
 * `d_loss` and `g_loss` are the newest of this step; none before they are counted.
 */
export interface StepPhase {
  step: number;
  number: number;
  count: number;
  player: "discriminator" | "generator";
  update: number;
  updates: number;
  name: "sample" | "generate" | "classify" | "loss" | "backward" | "update";
  numbers: Record<string, number | null>;
  d_loss: number | null;
  g_loss: number | null;
}

/**
 * A key in a refusal: it may stand at `place` of a run's description, or is a place itself where that is empty.
 */
export interface Term {
  key: string;
  place: string;
}

/**
 * The tree of the session's branches, and the present one; where that one ends, the status says.
 *
 * `generation` counts how often the branches of a file took the place of all: their numbers then begin anew.
 */
export interface Tree {
  type: "tree";
  event: number;
  revision: number;
  generation: number;
  current: number;
  branches: BranchFacts[];
}

/**
 * What the monitor has noticed in this branch; each is told once.
 */
export interface Verdict {
  kind: string;
  began_at: number;
  step: number;
  evidence: Record<string, number>;
  sentence: string;
  remedies: Remedy[];
  type: "verdict";
  event: number;
  revision: number;
}

/**
 * Answer to hello: the session, its config and where its run is; `resumed` if it was there before.
 *
 * `restored`: it had left the memory, and is back as it was last kept; the page may have seen more.
 * The events after number `since` follow; where `since` is 0 that is all of them, and the page first forgets its own.
 */
export interface Welcome {
  type: "welcome";
  protocol: number;
  session: string;
  resumed: boolean;
  restored: boolean;
  since: number;
  config: Record<string, unknown>;
  status: Status;
}

export type Command = Configure | Play | Pause | Advance | Step | Seek | Back | Switch | Rename | Delete | Restore | Reset;

export type ClientMessage = Hello | Configure | Play | Pause | Advance | Step | Seek | Back | Switch | Rename | Delete | Restore | Reset | Watch | Credit;

export type ServerMessage = Welcome | Queued | Status | Configured | Scalars | Floors | Mark | Verdict | Tree | Done | Failure;
