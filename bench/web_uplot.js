// The yardstick: the same run drawn by uPlot and nothing else, every point of it, at every event.
const CHARTS = 10;
const LINES = 4;
const run = new URLSearchParams(location.search).get("run");
const base = `/api/v1/runs/${run}`;
const names = (chart) => Array.from({ length: LINES }, (_, line) => `layer/l${line}/q${chart}`);
const COLOURS = ["#1f5fd0", "#c25e00", "#1d7a46", "#7a6fb0"];

async function chartOf(chart) {
  const got = names(chart).map((name) => fetch(`${base}/points?limit=50000&name=${encodeURIComponent(name)}`));
  const found = await Promise.all((await Promise.all(got)).map((answer) => answer.json()));
  const data = [found[0].steps, ...found.map(({ values }) => values)];
  const lines = COLOURS.map((stroke) => ({ stroke, points: { show: false } }));
  const options = { width: 560, height: 208, scales: { x: { time: false } }, series: [{}, ...lines] };
  return { chart, data, plot: new uPlot(options, data, document.body) };
}

const charts = await Promise.all(Array.from({ length: CHARTS }, (_, chart) => chartOf(chart)));
let waiting = false;

new EventSource(`/api/v1/stream?run=${run}`).addEventListener("points", (event) => {
  const { series } = JSON.parse(event.data);
  for (const { chart, data } of charts) {
    const news = names(chart).map((name) => series[name]);
    if (!news[0]) continue;
    data[0].push(...news[0].steps);
    news.forEach(({ values }, i) => data[i + 1].push(...values));
  }
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    for (const { data, plot } of charts) plot.setData(data);
  });
});
