/**
 * What the playground begins with for each loss, and what else is worth a try. The first of each is
 * a single sample, so that its curve is the loss's own. Pure.
 * @module
 */

/**
 * @typedef {object} Example
 * @property {string} name
 * @property {string} yTrue
 * @property {string} yPred
 * @property {Record<string, any>} [settings]
 * @property {string} [weights]
 * @property {number} [from] where the curve begins
 * @property {number} [to]
 */

const PRICES = ["[[12], [20], [29], [60]]", "[[14], [18], [27], [55]]"];
const SOFT = [
  "[[0, 1], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6]]",
  "[[0.6, 0.4], [0.4, 0.6], [0.6, 0.4], [0.8, 0.2]]",
];
const MANY = [
  "[[0.1, 1, 0.8], [0.1, 0.9, 0.1], [0.2, 0.7, 0.1], [0.3, 0.1, 0.6]]",
  "[[0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.7, 0.1, 0.2], [0.8, 0.1, 0.1]]",
];
const LOGITS = { from_logits: true };
const NAN_LABEL = example("A NaN label, weight 0", ["[[nan], [1]]", "[[0.5], [0.8]]"], { weights: "[0, 1]" });
const SEVERAL = example("Several samples", PRICES);

/** @type {Record<string, Example[]>} by the class in keras.losses */
export const EXAMPLES = {
  MeanSquaredError: regression(example("An error that overflows", ["[[0]]", "[[2e19]]"])),
  MeanAbsoluteError: regression(example("An infinite prediction", ["[[0], [0]]", "[[inf], [1]]"])),
  MeanAbsolutePercentageError: regression(
    example("A label of 0", ["[[0], [20]]", "[[1], [18]]"]),
    example("One sample", ["[[2]]", "[[3]]"], { from: -1, to: 5 }),
  ),
  MeanSquaredLogarithmicError: regression(
    example("A prediction below 0", ["[[1]]", "[[-0.5]]"]),
    example("One sample", ["[[2]]", "[[4]]"], { from: -1, to: 9 }),
  ),
  Huber: regression(example("Wider: delta 2", ["[[0]]", "[[1.5]]"], { settings: { delta: 2 } })),
  LogCosh: regression(example("An error of -2e38", ["[[0]]", "[[-2e38]]"])),
  Poisson: [
    example("A count of 3", ["[[3]]", "[[2]]"], { from: -0.5, to: 8 }),
    example("A count of 0", ["[[0]]", "[[0.5]]"], { from: -0.5, to: 3 }),
    example("Several samples", MANY),
    example("A prediction of 0", ["[[3]]", "[[0]]"], { from: -0.2, to: 0.5 }),
    example("A prediction below 0", ["[[3]]", "[[-0.1]]"], { from: -0.5, to: 1 }),
  ],
  KLDivergence: [
    example("One sample", ["[[0.7, 0.2, 0.1]]", "[[0.5, 0.3, 0.2]]"]),
    example("Several samples", MANY),
    example("Probability 0", ["[[1, 0]]", "[[0, 1]]"]),
    example("Raw scores", ["[[1, 0]]", "[[-3, 5]]"], { from: -5, to: 5 }),
  ],
  BinaryCrossentropy: [
    ...binaries(),
    example("Several soft labels", SOFT),
    example("Scores, no sigmoid", ["[[1]]", "[[-5]]"], { from: -6, to: 6 }),
    example("A label of 255", ["[[255]]", "[[0.9]]"]),
    NAN_LABEL,
  ],
  CategoricalCrossentropy: [
    ...categories("[[1, 0, 0]]"),
    example("A row of zeros", ["[[1, 0]]", "[[0, 0]]"]),
    example("Label row of zeros", ["[[0, 0]]", "[[0.2, 0.8]]"]),
  ],
  SparseCategoricalCrossentropy: [
    ...categories("[0]"),
    example("Several samples", ["[1, 2]", "[[0.05, 0.95, 0], [0.1, 0.8, 0.1]]"]),
    example("No such class", ["[3]", "[[0.5, 0.3, 0.2]]"]),
    example("A class ignored", ["[0, -1]", "[[0.6, 0.4], [0.1, 0.9]]"], { settings: { ignore_class: -1 } }),
  ],
  BinaryFocalCrossentropy: [
    ...binaries(),
    example("Several, classes balanced", ["[[0.97], [0.91], [0.03]]", "[[1], [1], [0]]"], {
      settings: { apply_class_balancing: true },
    }),
    example("gamma below 1, just right", ["[[1]]", "[[1]]"], { settings: { gamma: 0.5 } }),
  ],
  CategoricalFocalCrossentropy: [
    ...categories("[[1, 0, 0]]"),
    example("A row of zeros", ["[[1, 0]]", "[[0, 0]]"]),
  ],
  CategoricalGeneralizedCrossEntropy: [
    example("One sample", ["[0]", "[[0.6, 0.3, 0.1]]"]),
    example("Probability 0", ["[0]", "[[0, 1]]"]),
    example("No such class", ["[5]", "[[0.3, 0.7]]"]),
  ],
  Hinge: margins(),
  SquaredHinge: margins(),
  CategoricalHinge: [
    example("One sample", ["[[1, 0, 0]]", "[[0.6, 0.3, -0.4]]"], { from: -3, to: 3 }),
    example("A label of 255", ["[[255, 0]]", "[[0.5, 0.5]]"], { from: -3, to: 3 }),
  ],
  CosineSimilarity: [
    example("One sample", ["[[1, 0.5]]", "[[0.3, 1]]"], { from: -4, to: 4 }),
    example("Several samples", ["[[12, 20], [29, 60]]", "[[14, 18], [27, 55]]"], { from: -40, to: 40 }),
    example("A vector of zeros", ["[[1, 0]]", "[[0, 0]]"], { from: -1, to: 1 }),
  ],
  Dice: masks(),
  Tversky: [
    ...masks(),
    example("Misses weigh more", ["[[1, 1, 0]]", "[[1, 0, 0]]"], { settings: { alpha: 0.9, beta: 0.1 } }),
  ],
  Circle: [
    example("Two classes", ["[0, 0, 1, 1]", "[[1, 0], [0.8, 0.6], [0, 1], [0.6, 0.8]]"], { from: -1, to: 1 }),
    example("One class only", ["[1, 1]", "[[1, 0], [0, 1]]"], { from: -1, to: 1 }),
  ],
  CTC: [
    example("Two labels in four steps", ["[[1, 2]]", "[[[0, 3, 0], [2, 0, 0], [0, 0, 3], [1, 0, 0]]]"], {
      from: -6,
      to: 6,
    }),
    example("Too few steps", ["[[1, 1, 2]]", "[[[0, 3, 0], [2, 0, 0], [0, 0, 3]]]"], { from: -6, to: 6 }),
  ],
};

/**
 * @param {string} name
 * @param {string[]} arrays
 * @param {Partial<Example>} [more]
 * @returns {Example}
 */
function example(name, [yTrue, yPred], more = {}) {
  return { name, yTrue, yPred, ...more };
}

/**
 * @param {Example} hazard
 * @param {Example} [first]
 */
function regression(hazard, first = example("One sample", ["[[0]]", "[[1.5]]"], { from: -3, to: 3 })) {
  return [first, SEVERAL, hazard, NAN_LABEL];
}

function binaries() {
  return [
    example("Label 1", ["[[1]]", "[[0.7]]"]),
    example("Label 0", ["[[0]]", "[[0.3]]"]),
    example("Label 1, as score", ["[[1]]", "[[0.8]]"], { settings: LOGITS }),
    example("Exactly wrong", ["[[1]]", "[[0]]"]),
  ];
}

/** @param {string} label */
function categories(label) {
  return [
    example("One sample", [label, "[[0.6, 0.3, 0.1]]"]),
    example("As scores", [label, "[[2, 1, -1]]"], { settings: LOGITS }),
    example("Scores, no softmax", [label, "[[-2, 5, 1]]"], { from: -6, to: 6 }),
  ];
}

function margins() {
  return [
    example("Label 1", ["[[1]]", "[[0.4]]"], { from: -3, to: 3 }),
    example("Label -1", ["[[-1]]", "[[0.4]]"], { from: -3, to: 3 }),
    example("Labels 0 and 1", ["[[0], [1]]", "[[-0.5], [2]]"], { from: -3, to: 3 }),
    example("A 0 among -1 and 1", ["[[0], [1], [-1]]", "[[-0.5], [2], [0.3]]"], { from: -3, to: 3 }),
  ];
}

function masks() {
  return [
    example("One mask", ["[[1, 1, 0, 0]]", "[[0.8, 0.6, 0.1, 0]]"]),
    example("Both masks empty", ["[[0, 0]]", "[[0, 0]]"]),
    example("Scores that cancel", ["[[1, 0]]", "[[1, -2]]"], { from: -3, to: 3 }),
    example("A label of 255", ["[[255, 0]]", "[[1, 0]]"]),
  ];
}
