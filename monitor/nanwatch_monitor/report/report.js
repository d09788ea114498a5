// The charts of a report: the colours of the screen's theme, those of paper in print.
const figures = JSON.parse(document.getElementById("figures").textContent);
const charts = [...document.querySelectorAll(".chart")];
const dark = matchMedia("screen and (prefers-color-scheme: dark)");
const PAPER_PX = 690;
const DARK = {
  "#1f5fd0": "#6ea2ff", "#c25e00": "#f5a04c", "#1d7a46": "#5fcf8f", "#7a6fb0": "#b3a6ea", "#c0262d": "#ff7b7b",
  "#0b7285": "#5cc4d6", "#8a5a00": "#f0b849", "#56616f": "#9aa7b5", "#17202b": "#e6ebf1", "#e9edf1": "#242d37",
  "#9ab8ea": "#33518a", "#123a86": "#cfe0ff", "#ffffff": "#171d25", "rgba(192,38,45,0.075)": "rgba(255,110,110,0.1)",
};

const coloured = (figure, onPaper) => {
  const text = JSON.stringify(figure);
  if (onPaper || !dark.matches) return JSON.parse(text);
  return JSON.parse(text.replace(/#[0-9a-f]{6}|rgba\([0-9.,]+\)/g, (colour) => DARK[colour] ?? colour));
};

const draw = (width) =>
  Promise.all(
    charts.map((chart, i) => {
      const { data, layout } = coloured(figures[i], Boolean(width));
      const size = { height: chart.clientHeight, ...(width ? { width, autosize: false } : {}) };
      return Plotly.react(chart, data, { ...layout, ...size }, { displayModeBar: false, responsive: !width });
    }),
  );

const closed = [];
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details:not([open])")) closed.push(each), (each.open = true);
  draw(PAPER_PX);
});
addEventListener("afterprint", () => {
  for (const each of closed.splice(0)) each.open = false;
  draw();
});
dark.addEventListener("change", () => draw());
draw();
