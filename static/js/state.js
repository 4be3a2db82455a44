/** What the page knows: the one state that every view reads, with its types. */

import { History } from "./history.js";

/** @typedef {import("./protocol.js").Status} Status */
/** @typedef {import("./protocol.js").Mark} Mark */
/** @typedef {import("./protocol.js").Verdict} Verdict */
/** @typedef {import("./protocol.js").Tree} Tree */

/** @typedef {import("./protocol.js").Layer} LayerKey */
/** @typedef {import("./protocol.js").Player} Player */
/** @typedef {import("./appearance/choices.js").Appearance} Appearance */

/**
 * An array of a frame: row-major numbers and their shape.
 *
 * @typedef {{shape: number[], data: Float32Array}} NamedArray
 */

/**
 * The newest array of every name, and where the run was when the last of them was made; `box` is x0, x1, y0, y1.
 * `samples` is how many generated samples there are: where frames come too slowly, a run that plays shows the first of
 * them.
 *
 * @typedef {object} Frame
 * @property {Record<string, NamedArray>} arrays
 * @property {number} step
 * @property {string} phase
 * @property {number} samples
 * @property {[number, number, number, number]} box
 */

/**
 * @typedef {object} NumberFacts
 * @property {"number"} type
 * @property {string} key
 * @property {string} label
 * @property {number} default
 * @property {number} minimum
 * @property {number} maximum
 * @property {string} help
 * @property {boolean} integer
 * @property {"linear" | "log"} scale
 * @property {boolean} live
 */

/** @typedef {{type: "choice", key: string, label: string, default: string, options: string[], help: string}} ChoiceFacts */
/** @typedef {{type: "points", key: string, label: string, default: [number, number][], help: string}} PointsFacts */
/** @typedef {NumberFacts | ChoiceFacts | PointsFacts} ParameterFacts */

/**
 * A unit of the catalogue; the last properties are those of one kind of unit alone.
 *
 * @typedef {object} UnitFacts
 * @property {string} key
 * @property {string} label
 * @property {string} help
 * @property {string} formula LaTeX
 * @property {{authors: string, title: string, year: number} | null} paper
 * @property {ParameterFacts[]} parameters
 * @property {number} [dimension] of a data set: how many numbers a point is made of
 * @property {{centre: number[], half_extent: number}} [box] of a data set: the square, or interval, it is viewed in
 * @property {number[][]} [preview] of a data set: about 200 points
 * @property {boolean} [has_density] of a data set: whether its probability density is known
 * @property {boolean} [has_lattice] of a latent: whether there is a grid of equally likely cells to be bent
 * @property {{kind: "probability"} | {kind: "target", fake: number, real: number} | {kind: "relative"}} [score] of a loss
 * @property {number | null} [lowest] of a metric
 * @property {number | null} [highest] of a metric
 * @property {"lower" | "higher"} [better] of a metric
 * @property {string} [unit] of a metric
 * @property {string} [lies] of a metric: when it misleads
 * @property {Record<string, string>} [evidence] of a symptom: what each number that shows it is
 * @property {boolean} [legacy] whether it is here only to repeat another tool's runs and numbers
 * @property {boolean} [basic] whether a menu shows it at once, and not behind "More"
 * @property {Record<string, string[]>} [goes_with] of a unit of a list: by section, the units beside which it means something
 * @property {boolean} [is_game] of a loss: whether a discriminator takes part
 * @property {boolean} [makes_points] of a loss: whether the generator's network answers samples, so that these are priced
 * @property {boolean} [moves_noise] of a loss: whether a sample comes of its noise step by step, along a way
 * @property {boolean} [reads_noise] of a loss: whether training draws noise for the generator
 * @property {boolean} [has_codes] of a loss: whether each real point has a latent of its own that is learned
 * @property {Readonly<Record<"part" | "draw" | "count" | "generate" | "loss" | "arrows", string>>} [words] of a loss
 *   without a discriminator: what the page says
 * @property {boolean} [needs_discriminator] of a unit of a list: whether it means nothing where none does
 * @property {"log_ratio" | "share"} [optimum] of a loss: what its best discriminator answers, where the densities tell
 * @property {boolean} [refines] of a technique: whether it draws samples in another way
 * @property {boolean} [restarts] of a technique: whether a change of it begins a new run
 * @property {boolean} [moves_optimum] of a regularizer or technique: whether the best discriminator beside it is another
 * @property {string} [foresees] of a technique by which the generator looks ahead: which of its numbers says how far
 * @property {string} [network] of a unit of a list: whose weights alone it is about; empty where it is about more
 * @property {string} [playing] of a technique that changes the players' order: what goes on while a run trains
 * @property {boolean} [compares] of a technique: whether the discriminator compares its features of points in company
 * @property {string} [company] of a technique that puts points of a batch together: why it needs several
 * @property {string} [level] of a technique that tells the discriminator a number of each point: what it is
 * @property {Record<string, number>} [needs] of a technique: numbers of the run that must not be 0, each with one that serves
 * @property {boolean} [renews_data] of a technique: whether real points give way to generated ones on the way
 * @property {string} [packs] of a technique with company: the number of points side by side; empty where it is a summary
 * @property {Record<string, string>} [apart] of a technique: those that cannot be on too, and the regularizers, and why
 * @property {boolean} [encodes] of a technique: whether an encoder is trained, and the discriminator judges pairs
 * @property {string} [averaged] of a technique: what it keeps that is a generator of its own; empty where there is none
 * @property {string} [because] why it needs the company of some
 */

/** @typedef {{name: string, [parameter: string]: unknown}} UnitConfig */
/**
 * The last three only where they are not the default.
 *
 * @typedef {{hidden_layers: number, width: number, activation: string, output?: string, init?: string,
 *   init_gain?: number}} NetworkConfig
 */

/**
 * A run's complete description, as the server keeps it.
 *
 * @typedef {object} RunConfig
 * @property {number} version
 * @property {number} seed
 * @property {UnitConfig} data
 * @property {UnitConfig} latent
 * @property {NetworkConfig} generator
 * @property {NetworkConfig} discriminator
 * @property {UnitConfig} loss
 * @property {UnitConfig[]} regularizers
 * @property {UnitConfig[]} techniques
 * @property {UnitConfig} d_optimizer
 * @property {UnitConfig} g_optimizer
 * @property {number} d_updates
 * @property {number} g_updates
 * @property {number} batch_size
 */

/**
 * A complete run to begin with, under the heading of its group; `basic` as a unit's.
 *
 * @typedef {object} PresetFacts
 * @property {string} key
 * @property {string} label
 * @property {string} help
 * @property {string} watch_for
 * @property {number | null} pretrained
 * @property {string} group
 * @property {boolean} basic
 * @property {RunConfig} config
 */

/**
 * @typedef {"datasets" | "latents" | "activations" | "inits" | "losses" | "regularizers" | "optimizers" | "techniques"
 *   | "metrics" | "symptoms"} UnitKind
 */

/**
 * Everything that can be chosen, as `/api/catalog` gives it.
 *
 * @typedef {Record<UnitKind, UnitFacts[]> & {
 *   presets: PresetFacts[],
 *   run: {
 *     numbers: NumberFacts[],
 *     network: NumberFacts[],
 *     output: ChoiceFacts,
 *     init: ChoiceFacts,
 *     init_gain: NumberFacts,
 *     defaults: RunConfig,
 *     restarting: string[],
 *     sections: Record<string, UnitKind>,
 *   },
 * }} Catalog
 */

/**
 * How Play plays.
 *
 * @typedef {object} Pace
 * @property {number | null} rate The most steps a second; none: as many as it can.
 * @property {number} phaseSeconds How long slow motion stays at a phase.
 * @property {number | null} until The step at which the run stops by itself.
 * @property {number | null} below The run stops by itself when its JS divergence is under this.
 */

/**
 * Another branch, drawn on the charts beside the present one: its history up to step `head`.
 *
 * @typedef {{number: number, name: string, head: number, history: History}} Compared
 */

/**
 * What the inspector looks at: the phase just passed, a node of the graph, or a generated sample, counted from 0.
 *
 * @typedef {{kind: "phase"} | {kind: "node", node: string} | {kind: "sample", index: number}} Subject
 */

/**
 * The generated sample that is marked in the layered view; `move` is how far the next update takes it, in published
 * units, and none while that is not known.
 *
 * @typedef {{index: number, move: readonly number[] | null}} Chosen
 */

/**
 * Which of the pictures are in the window, or near it.
 *
 * @typedef {{overview: boolean, layered: boolean}} InSight
 */

/**
 * @typedef {object} PageState
 * @property {"connecting" | "open" | "lost"} connection
 * @property {import("./protocol.js").Queued | null} queued Where the page waits in line, while the lab is full.
 * @property {string | null} session The session to come back to; before the first welcome that of an earlier visit.
 * @property {Catalog | null} catalog
 * @property {Record<string, string>} formulas MathML of `kind/key`.
 * @property {RunConfig | null} config
 * @property {RunConfig | null} asked The run that this page asked for last: what is refused of a run, is of that one.
 * @property {Status | null} status
 * @property {number} seen The number of the newest event of the session's history that is held here; 0: none.
 * @property {number} revision Counts the run's beginnings and branches; what is known of an older one is forgotten.
 * @property {number} told The revision of what is held here of the history, the marks and the floors.
 * @property {Frame | null} frame
 * @property {History} history The same object for the whole visit.
 * @property {Record<string, number>} floors What a perfect generator would score on each metric.
 * @property {Mark[]} marks
 * @property {Verdict[]} verdicts What the monitor has noticed in the present branch.
 * @property {Tree | null} tree The session's branches, and which of them is the present one.
 * @property {ReadonlyMap<number, Compared>} compared The branches to compare with, by number; replaced, never changed.
 * @property {import("./layers/marks.js").Box | null} view What is seen of the plane in the layered view; none: all.
 * @property {Set<LayerKey>} layersOn The layers of the layered view that are switched on; replaced, never changed.
 * @property {InSight} inSight
 * @property {Appearance} appearance How the page looks: theme, contrast, size and palette.
 * @property {boolean} legacy Whether units that repeat another tool's are offered and shown.
 * @property {boolean} slow Whether the page is in slow motion: it shows phases, and Play goes from phase to phase.
 * @property {Pace} pace
 * @property {number | null} leading The step that a link leads to, while the run is on its way there.
 * @property {Subject | null} inspected What the inspector tells of; none while it is closed.
 * @property {boolean} opensInspector Whether Next phase opens the inspector.
 * @property {Chosen | null} chosen
 * @property {string | null} pointed The node of the graph that the inspector points at.
 * @property {Player | null} acting Who learned last; none before the first step.
 * @property {string | null} news What became of the connection and of the run meanwhile, or was set beside what the
 *   user chose; none when it is as it was.
 * @property {string | null} unopened Why the run of the link was refused, in words; none where it was not.
 * @property {string | null} problem What was refused last, in words for the user; none when all is well.
 */

/** @typedef {import("./store.js").Store<PageState>} PageStore */

/** The layers that are switched on when nobody has chosen. @type {readonly LayerKey[]} */
export const DEFAULT_LAYERS = ["real", "generated", "averaged", "refined", "streams", "surface", "gradients"];
/** The same where the data are one-dimensional: there the densities and the way from the noise are the picture. */
export const LINE_DEFAULT_LAYERS = Object.freeze([...DEFAULT_LAYERS, "density", "warp"]);

/**
 * The state of a page that has just been opened.
 *
 * @param {Appearance} appearance
 * @returns {PageState}
 */
export function buildState(appearance) {
  return {
    connection: "connecting",
    queued: null,
    session: null,
    catalog: null,
    formulas: {},
    config: null,
    asked: null,
    status: null,
    seen: 0,
    revision: 0,
    told: 0,
    frame: null,
    history: new History(),
    floors: {},
    marks: [],
    verdicts: [],
    tree: null,
    compared: new Map(),
    view: null,
    layersOn: new Set(DEFAULT_LAYERS),
    inSight: { overview: true, layered: true },
    appearance,
    legacy: false,
    slow: false,
    // As fast as it goes, and in slow motion with time to read a caption.
    pace: { rate: null, phaseSeconds: 1.25, until: null, below: null },
    leading: null,
    inspected: null,
    opensInspector: true,
    chosen: null,
    pointed: null,
    acting: null,
    news: null,
    unopened: null,
    problem: null,
  };
}
