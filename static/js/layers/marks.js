/**
 * The vocabulary of the pictures: a layer is a pure function from a frame to a list of these marks.
 *
 * Marks are in published units (upwards in probability density, where the data are one-dimensional) and name their colours; `plots/canvas.js` paints them, `plots/traces.js` makes
 * traces of them. Points are interleaved: x0, y0, x1, y1, ...
 *
 * @typedef {import("../palette.js").ColourName} ColourName
 * @typedef {readonly [number, number, number, number]} Box x0, x1, y0, y1
 *
 * @typedef {import("../state.js").NamedArray} NamedArray
 *
 * @typedef {object} Scene what a layer may look at
 * @property {Readonly<Record<string, NamedArray | undefined>>} arrays the newest frame's arrays
 * @property {number} [samples] how many generated samples there are, of which the arrays may have the first only
 * @property {number} dimension of the data: 2, or 1
 * @property {Box} box the run's box; of one-dimensional data the interval, and 0 and the height of the densities
 * @property {import("./score.js").ScoreScale} score how the discriminator's output is read
 * @property {string} [company] in whose company a place of the surface is scored; empty where it is scored alone
 * @property {string} [renewal] what the real samples are, where they are replaced on the way; empty where they are not
 * @property {import("../state.js").Chosen | null} [chosen] the generated sample that is marked, if one is
 *
 * @typedef {object} PointsMark dots, one a point
 * @property {"points"} kind
 * @property {"circle" | "diamond" | "ring"} shape
 * @property {Float32Array} points
 * @property {ColourName} colour
 * @property {Float32Array} [positions] a place on the score's scale for each point, in place of the one colour
 * @property {number} radius in pixels of the full-size picture
 * @property {(index: number) => string} [describe] the words of a point
 *
 * @typedef {object} ImageMark a grid of positions on the score's scale, row 0 at the bottom
 * @property {"image"} kind
 * @property {Box} box
 * @property {number} columns
 * @property {number} rows
 * @property {Float32Array} positions
 * @property {(index: number) => string} describe the words of a cell
 *
 * @typedef {object} NeedlesMark directions with lengths; how long they are drawn is the picture's choice
 * @property {"needles"} kind
 * @property {Float32Array} points where each begins
 * @property {Float32Array} vectors
 * @property {ColourName} colour
 * @property {number} [width] how many times as wide as usual; 1 where it is left out
 * @property {(index: number) => string} describe the words of a needle
 *
 * @typedef {object} LinesMark
 * @property {"lines"} kind
 * @property {readonly Float32Array[]} lines one polyline each
 * @property {ColourName} colour
 * @property {number} width in pixels of the full-size picture
 * @property {number} opacity
 * @property {readonly number[]} [dash] lengths drawn and left out, in pixels; drawn through where it is left out
 * @property {(index: number) => string} [describe] the words of a corner, counted through all lines
 *
 * @typedef {object} AreaMark a filled outline
 * @property {"area"} kind
 * @property {Float32Array} outline
 * @property {ColourName} colour
 * @property {number} opacity
 *
 * @typedef {object} CellsMark filled four-cornered cells
 * @property {"cells"} kind
 * @property {Float32Array} corners eight numbers a cell
 * @property {Float32Array} opacities one a cell
 * @property {ColourName} colour
 *
 * @typedef {object} ArrowMark a way from one place to another
 * @property {"arrow"} kind
 * @property {readonly [number, number]} from
 * @property {readonly [number, number]} to
 * @property {ColourName} colour
 *
 * @typedef {PointsMark | ImageMark | NeedlesMark | LinesMark | AreaMark | CellsMark | ArrowMark} Mark
 */

export {};
