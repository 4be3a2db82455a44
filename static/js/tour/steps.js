/**
 * The guided tour's steps: what to do, at which control, how the page's state shows that it was done, and what to see.
 *
 * A step is done when `isDone` holds for the state now, compared with the state when the step began.
 */

/** @typedef {Readonly<import("../state.js").PageState>} State */

/**
 * @typedef {object} TourStep
 * @property {string} key For addresses: `/?tour=key` begins here.
 * @property {string} title
 * @property {string} task What to do.
 * @property {string} seen What there is to see, told once it is done.
 * @property {string} target A selector of the control, or of the picture to look at.
 * @property {(now: State, start: State) => boolean} isDone
 */

const WATCHED_STEPS = 200;

/** @type {readonly TourStep[]} */
export const STEPS = [
  {
    key: "data",
    title: "Choose what to learn",
    task: "Choose the data set called Ring. Its points are the real samples, and the generator will try to make more like them.",
    seen: "The circles in the layered picture are the real samples. The diamonds are the generator's first tries: it knows nothing yet.",
    target: '.dataset:has([value="ring"])',
    isDone: ({ config }) => config?.data.name === "ring",
  },
  {
    key: "play",
    title: "Let training begin",
    task: "Press Play. Both networks now learn, step after step.",
    seen: "The number of the step grows, and the pictures show the newest step.",
    target: "[data-action=play]",
    isDone: ({ status }) => status?.state === "running",
  },
  {
    key: "watch",
    title: "Watch the diamonds",
    task: `Let ${WATCHED_STEPS} more steps pass, and watch where the diamonds go.`,
    seen: "They drift to where the circles are. Nobody told them where that is: they follow what the discriminator finds convincing.",
    target: "#layered",
    isDone: (now, start) => countSteps(now) >= countSteps(start) + WATCHED_STEPS,
  },
  {
    key: "pause",
    title: "Stop time",
    task: "Press Pause. What stands still can be looked at.",
    seen: "Nothing learns now. The pictures stay as they are, and you can point at them to read values.",
    target: "[data-action=play]",
    isDone: ({ status }) => status?.state === "paused",
  },
  {
    key: "discriminator",
    title: "Only the discriminator learns",
    task: "Press Step discriminator, once or a few times.",
    seen: "The colours behind the dots moved, and the diamonds stayed. The discriminator only judges: it cannot move a sample.",
    target: "[data-action=step-discriminator]",
    isDone: (now, start) => (now.status?.d_updates ?? 0) > (start.status?.d_updates ?? 0),
  },
  {
    key: "generator",
    title: "Only the generator learns",
    task: "Press Step generator, once or a few times.",
    seen: "The diamonds moved, and the colours stayed. Each of them went the way in which the discriminator scores it as more real.",
    target: "[data-action=step-generator]",
    isDone: (now, start) => (now.status?.g_updates ?? 0) > (start.status?.g_updates ?? 0),
  },
  {
    key: "layer",
    title: "Look at it another way",
    task: "Switch on the layer called Generator warp.",
    seen: "These are even parts of the noise, and where the generator takes them. Where many end up close together, many samples land.",
    target: ".layer-box:has(.sign-warp)",
    isDone: ({ layersOn }) => layersOn.has("warp"),
  },
  {
    key: "rate",
    title: "Change one thing",
    task: "Change a learning rate in the settings, of the generator or of the discriminator. It says how far a network goes in one step.",
    seen: "The run goes on from where it was. A mark in the charts shows when you changed it, so that you can compare before and after.",
    target: '[data-group=generator] [data-number="learning_rate"]',
    isDone: ({ config }, { config: before }) =>
      config?.g_optimizer.learning_rate !== before?.g_optimizer.learning_rate ||
      config?.d_optimizer.learning_rate !== before?.d_optimizer.learning_rate,
  },
  {
    key: "reset",
    title: "Begin again",
    task: "Press Reset.",
    seen: "Step 0 again, with your settings and the same random numbers: played again, it goes the same way. That was the tour. Now change something, and see why.",
    target: "[data-action=reset]",
    isDone: (now, start) => now.revision > start.revision && countSteps(now) === 0,
  },
];

/** @param {State} state */
function countSteps({ status }) {
  return status?.step ?? 0;
}

/**
 * The place of the step that an address asks for, 0 where it asks for none that there is.
 *
 * @param {string} key
 */
export function findStep(key) {
  return Math.max(
    0,
    STEPS.findIndex((step) => step.key === key),
  );
}
