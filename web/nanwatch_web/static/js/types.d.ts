/** Shapes of the server's JSON and of what the chart modules hand to each other. */

/** JSON has no word for non-finite numbers, so they travel as text. */
export type Num = number | "NaN" | "Infinity" | "-Infinity";

export type Nested = number | Nested[];

/** A page of the catalogue of losses. */
export interface Loss {
  name: string;
  title: string;
  function: string;
  strings: string[];
  other_names: string[];
  formula: string;
  use: string;
  label: string;
  activation: string;
  lowest: Num | null;
  before: string;
  after: string;
  kind: string;
  parameters: { name: string; default: boolean | number | string | null; meaning: string }[];
  hazards: { condition: string; result: string; remedy: string }[];
  signatures: { shown: string; meaning: string; value: Num | null }[];
  corrections: { said: string; truth: string }[];
}

/** A page of the catalogue of causes. */
export interface CausePage {
  label: string;
  title: string;
  why: string;
  remedy: string;
  before: string;
  after: string;
  symptoms: string[];
}

export interface Run {
  id: string;
  name: string;
  project: string;
  state: string;
  health: string;
  tags: string[];
  started_at: string;
  ended_at: string | null;
  last_step: number | null;
  reason: string;
  /** Why a run that has not ended is not simply running; empty for one that is. */
  state_reason: string;
  updated_at: string;
  incidents: number;
  pinned: boolean;
  note: string;
  last_loss: Num | null;
  best_val_loss: Num | null;
  size_bytes?: number;
  config?: Record<string, unknown>;
  facts?: Record<string, unknown>;
}

export interface Evidence {
  check: string;
  seen: string;
  expected: string;
  healthy?: boolean | null;
}
export interface Fix {
  text: string;
  code: string;
}

export interface Cause {
  label: string;
  confidence: number;
  summary: string;
  evidence: Evidence[];
  where: Record<string, unknown>;
  fix: Fix;
  verified: boolean | null;
}

export type Fault = "loss" | "gradient" | "weights";

export interface Diagnosis {
  id: string | number;
  source: "server" | "client";
  symptom: string;
  severity: "info" | "warning" | "critical";
  first_step: number | null;
  causes: Cause[];
  /** What was not finite first, where that is told of and known. */
  fault?: Fault | null;
}

export interface Alert {
  id: string | number;
  run_id: string;
  run_name: string;
  project: string;
  symptom: string;
  fault?: Fault | null;
  severity: string;
  label: string;
  state: "open" | "acknowledged" | "resolved";
  /** Nobody is told of it; until a moment, or without one until it gets worse. */
  muted: boolean;
  muted_until: string | null;
  opened_at: string;
  acknowledged_at: string | null;
  resolved_at: string | null;
  first_step: number | null;
  summary: string;
  /** Whether a person found the diagnosis right; null when nobody said. */
  verdict: boolean | null;
  /** Why it was resolved, when that was not a person's doing. */
  note: string;
  deliveries: { sent: number; waiting: number; failed: number };
}

export interface SeriesInfo {
  name: string;
  n: number;
  n_nan: number;
  n_pinf: number;
  n_ninf: number;
  min: Num | null;
  max: Num | null;
  last: Num | null;
}

export type Kind = "nan" | "pinf" | "ninf";
export interface Mark {
  step: number;
  kind: Kind;
}

/**
 * A series in buckets. `from` and `to` are inclusive steps; `min`, `max` and `mean` are of the finite
 * points, null when there is none; `n` counts all points.
 */
export interface Buckets {
  from: number[];
  to: number[];
  min: (number | null)[];
  max: (number | null)[];
  mean: (number | null)[];
  n: number[];
  nonfinite: Mark[];
}

export type Role = "train" | "running" | "epoch" | "val" | "part" | "edge" | "spread";

/** A line of a chart: which series, and what it stands for. */
export interface Line {
  series: string;
  role: Role;
  label: string;
}

/** A chart of the run page, before any data. */
export interface ChartSpec {
  id: string;
  title: string;
  sub: string;
  log: boolean;
  big: boolean;
  collapsed: boolean;
  /** The head below which it stands; empty for the first charts. */
  group: string;
  lines: Line[];
  /** Lines of a chart beside it that share its vertical scale. */
  ruler?: Line[];
  /** Whether it is shown as a heat map, a row a line, unless the reader wishes lines. */
  heat?: boolean;
}

/** What the horizontal axis counts: steps, epochs, the time of day, or the time since the beginning. */
export type Across = "step" | "epoch" | "time" | "relative";

/** When steps were: ascending steps and, for each, seconds since 1970. */
export interface Clock {
  steps: number[];
  seconds: number[];
}

/** What the reader chose to see. `range` is in global steps, null for the whole run. */
export interface View {
  x: Across;
  range: [number, number] | null;
  smoothing: number;
  band: boolean;
  running: boolean;
  /** Whether the running mean stands beside the true loss, not over it. */
  beside: boolean;
  ignoreOutliers: boolean;
  logY: boolean;
  /** Whether the reader chose it; until then the loss itself may ask for a log axis. */
  logChosen: boolean;
}

/** The step at which the run failed, as all charts mark it. */
export interface Failure {
  step: number;
  label: string;
  lasting: boolean;
}

/** What was told of a step. */
export interface Told {
  step: number;
  words: string;
}

/** A line with its points placed on the horizontal axis. */
export interface Placed {
  line: Line;
  x: number[];
  y: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
  n: number[];
  from: number[];
  to: number[];
  /** What has no height: values that are not finite, and what was told of a step, in words. */
  marks: { x: number; step: number; kind: Kind | "nonpositive" | "told"; words?: string }[];
}

export interface Palette {
  font: string;
  ink: string;
  mut: string;
  card: string;
  bg: string;
  line: string;
  grid: string;
  train: string;
  env: string;
  edge: string;
  val: string;
  running: string;
  bad: string;
  band: string;
  warn: string;
  parts: string[];
}

export interface Figure {
  data: Record<string, unknown>[];
  layout: Record<string, unknown>;
  hidden: { n: number; furthest: number } | null;
}

/** What Plotly puts on a chart's element. */
export interface PlotElement extends HTMLElement {
  data: any[];
  layout: any;
  _fullLayout: any;
  on(event: string, handle: (event: any) => void): void;
}

declare global {
  const Plotly: {
    react(node: HTMLElement, data: unknown[], layout: unknown, config: unknown): Promise<PlotElement>;
    purge(node: HTMLElement): void;
    toImage(figure: unknown, options: { format: string; scale: number }): Promise<string>;
    Plots: { resize(node: HTMLElement): void };
  };
}
