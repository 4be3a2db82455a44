/**
 * What the server answers when it is asked to look inside (`server/gan/inspection/answers.py` says it all).
 *
 * @typedef {number | null} Value none where it is infinite or not a number
 * @typedef {"discriminator" | "generator"} Learner
 * @typedef {{latex: string, latex_numbers: string, meaning: string, mathml: string, mathml_numbers: string}} Formula
 * @typedef {{edges: number[], counts: number[]}} Histogram
 * @typedef {{shape: number[], minimum: Value, maximum: Value, rows: Value[][], histogram: Histogram | null}} Summary
 * @typedef {Summary & {name: string, what: string, unit: string, mean: Value}} Tensor
 * @typedef {Summary & {norm: Value}} Parameter `norm` is the Euclidean one
 * @typedef {"now" | "gradient" | "before" | "step" | "after"} View
 * @typedef {Partial<Record<View, Parameter>>} Views
 * @typedef {{name: string, weight: Views, bias: Views}} Layer
 *
 * @typedef {object} Inspection
 * @property {string} subject whose numbers stand in the formulas
 * @property {Formula[]} formula
 * @property {Tensor[]} tensors
 * @property {Layer[]} layers
 * @property {string} code
 * @property {string[]} notes
 * @property {number} step
 *
 * @typedef {import("../protocol.js").StepPhase["name"]} PhaseName
 * @typedef {Inspection & {kind: "phase", player: Learner, update: number, name: PhaseName}} PhaseInspection
 * @typedef {Inspection & {kind: "node", node: string}} NodeInspection
 *
 * @typedef {{name: string, what: string, unit: string, values: Value[]}} Vector
 * @typedef {{key: string, node: string, title: string, formula: Formula[], vectors: Vector[], code: string}} Stage
 *
 * @typedef {object} SampleStory
 * @property {"sample"} kind
 * @property {number} step
 * @property {number} index from 0
 * @property {Value[]} point
 * @property {Value} logit
 * @property {Value} probability none also where the loss gives it no meaning
 * @property {Value} loss none where no sample is priced
 * @property {Value[] | null} moved where one update of the generator takes the point
 * @property {Stage[]} stages
 * @property {string[]} notes
 *
 * @typedef {PhaseInspection | NodeInspection | SampleStory} Answer
 */

export {};
