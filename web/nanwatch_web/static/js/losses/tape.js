/**
 * Numbers that know how they came about, so that gradients follow from the formula alone. Each
 * operation rounds to float32 and has the slope that TensorFlow gives it, at kinks and beyond the
 * finite numbers too: losses overflow and turn NaN here where they do in a training. Pure.
 * @module
 */

/** @typedef {[Value, number]} Share a number that another depends on, and the slope there */

/** A number of a computation. */
export class Value {
  /**
   * @param {Value[]} tape all numbers of the computation, in the order in which they came about
   * @param {number} value
   * @param {Share[]} [from] what it was made of
   * @param {boolean} [quiet] whether a gradient of 0 stays 0 even where the slope is infinite
   */
  constructor(tape, value, from = [], quiet = false) {
    this.tape = tape;
    this.value = Math.fround(value);
    this.from = from;
    this.quiet = quiet;
    this.gradient = 0;
    tape.push(this);
  }

  /**
   * A constant of the same computation.
   * @param {Value | number} other
   */
  of(other) {
    return other instanceof Value ? other : new Value(this.tape, other);
  }

  /**
   * @param {number} value
   * @param {...Share} from
   */
  made(value, ...from) {
    return new Value(this.tape, value, from);
  }

  /** @param {Value | number} other */
  add(other) {
    const that = this.of(other);
    return this.made(this.value + that.value, [this, 1], [that, 1]);
  }

  /** @param {Value | number} other */
  sub(other) {
    const that = this.of(other);
    return this.made(this.value - that.value, [this, 1], [that, -1]);
  }

  /** @param {Value | number} other */
  mul(other) {
    const that = this.of(other);
    return this.made(this.value * that.value, [this, that.value], [that, this.value]);
  }

  /** @param {Value | number} other */
  div(other) {
    const that = this.of(other);
    const slope = Math.fround(-this.value / that.value) / that.value;
    return this.made(this.value / that.value, [this, 1 / that.value], [that, slope]);
  }

  neg() {
    return this.made(-this.value, [this, -1]);
  }

  /** 1 minus the number. */
  rest() {
    return this.of(1).sub(this);
  }

  abs() {
    return this.made(Math.abs(this.value), [this, Math.sign(this.value)]);
  }

  square() {
    return this.made(this.value * this.value, [this, 2 * this.value]);
  }

  /** @param {number} exponent */
  pow(exponent) {
    const slope = Math.fround(exponent) * power(this.value, Math.fround(exponent - 1));
    return this.made(power(this.value, Math.fround(exponent)), [this, slope]);
  }

  log() {
    return this.made(Math.log(this.value), [this, 1 / this.value]);
  }

  log1p() {
    return this.made(Math.log1p(this.value), [this, 1 / Math.fround(1 + this.value)]);
  }

  exp() {
    const made = Math.fround(Math.exp(this.value));
    return this.made(made, [this, made]);
  }

  /** 1 / sqrt(x). */
  rsqrt() {
    const made = Math.fround(1 / Math.sqrt(this.value));
    return new Value(this.tape, made, [[this, -0.5 * made * made * made]], true);
  }

  sigmoid() {
    const made = Math.fround(1 / (1 + Math.exp(-this.value)));
    return this.made(made, [this, made * Math.fround(1 - made)]);
  }

  /** log(1 + exp(x)), without overflow. */
  softplus() {
    const { value } = this;
    const made = Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)));
    return this.made(made, [this, 1 / (1 + Math.exp(-value))]);
  }

  /**
   * The larger of two. Of equal ones the first takes the gradient.
   * @param {Value | number} other
   */
  max(other) {
    const that = this.of(other);
    const value = Math.max(this.value, that.value); // NaN when either is
    return this.made(value, [this.value >= that.value ? this : that, 1]);
  }

  /** @param {Value | number} other */
  min(other) {
    const that = this.of(other);
    return this.made(Math.min(this.value, that.value), [this.value <= that.value ? this : that, 1]);
  }

  /**
   * @param {number} low
   * @param {number} high
   */
  clip(low, high) {
    return this.min(high).max(low);
  }
}

/**
 * One of two numbers. The one not taken is given a gradient of 0, which an infinite slope further
 * down makes NaN: that is how TensorFlow does it.
 * @param {boolean} condition
 * @param {Value} yes
 * @param {Value} no
 */
export function where(condition, yes, no) {
  const taken = condition ? yes : no;
  return taken.made(taken.value, [taken, 1]);
}

/**
 * @param {Value[]} values at least one
 * @returns {Value}
 */
export function sum(values) {
  const total = values.reduce((all, { value }) => all + value, 0);
  return values[0].made(total, ...values.map((value) => share(value, 1)));
}

/** @param {Value[]} values at least one */
export function mean(values) {
  return sum(values).div(values.length);
}

/**
 * The largest of several. Equal ones share the gradient; of NaN nobody knows the largest.
 * @param {Value[]} values at least one
 */
export function largest(values) {
  const most = Math.max(...values.map(({ value }) => value));
  const count = values.filter(({ value }) => value === most).length;
  return values[0].made(most, ...values.map((value) => share(value, (value.value === most ? 1 : 0) / count)));
}

/**
 * log(sum(exp(x))), with the largest taken out before so that nothing overflows.
 * @param {Value[]} values at least one
 */
export function logSumExp(values) {
  const most = Math.max(...values.map(({ value }) => value));
  const base = Number.isFinite(most) ? most : 0;
  return sum(values.map((value) => value.sub(base).exp()))
    .log()
    .add(base);
}

/** @param {Value[]} values a row of scores */
export function softmax(values) {
  const most = Math.max(...values.map(({ value }) => value));
  const parts = values.map((value) => value.sub(most).exp());
  const total = sum(parts);
  return parts.map((part) => part.div(total));
}

/**
 * Cross-entropy straight from scores, in one operation: its gradient is softmax - labels, whatever
 * the labels sum to.
 * @param {Value[]} labels
 * @param {Value[]} scores
 */
export function softmaxCrossEntropy(labels, scores) {
  const logs = logShares(scores);
  const loss = logs.reduce((all, log, i) => all - labels[i].value * log, 0);
  return scores[0].made(loss, ...scores.map((score, i) => share(score, Math.exp(logs[i]) - labels[i].value)));
}

/**
 * The same for a single class. Other classes of score minus infinity do no harm here.
 * @param {number} label
 * @param {Value[]} scores
 */
export function classCrossEntropy(label, scores) {
  const logs = logShares(scores);
  const slopes = logs.map((log, i) => Math.exp(log) - (i === label ? 1 : 0));
  return scores[0].made(-logs[label], ...scores.map((score, i) => share(score, slopes[i])));
}

/**
 * Give every number of a computation its gradient: how much the result grows with it.
 * @param {Value} result
 */
export function backward(result) {
  result.gradient = 1;
  for (const made of [...result.tape].reverse()) {
    if (made.quiet && made.gradient === 0) continue;
    for (const [value, slope] of made.from) {
      const share = Math.fround(made.gradient * Math.fround(slope));
      value.gradient = Math.fround(value.gradient + share);
    }
  }
}

/**
 * @param {Value} value
 * @param {number} slope
 * @returns {Share}
 */
function share(value, slope) {
  return [value, slope];
}

/**
 * The logarithms of the softmax of a row.
 * @param {Value[]} scores
 */
function logShares(scores) {
  const most = Math.max(...scores.map(({ value }) => value));
  const total = Math.log(scores.reduce((all, { value }) => all + Math.exp(value - most), 0));
  return scores.map(({ value }) => Math.fround(value - most) - total);
}

/**
 * As C has it, where 1 to any power is 1, also to NaN.
 * @param {number} base
 * @param {number} exponent
 */
function power(base, exponent) {
  return base === 1 ? 1 : base ** exponent;
}
