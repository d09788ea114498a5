// What the pages draw: lines, which Plotly's core knows, and heat maps. Its ready-made bundle of all
// Cartesian charts costs the main thread twice as long before the first line is drawn.
const Plotly = require("plotly.js/lib/core");
Plotly.register([require("plotly.js/lib/heatmap")]);
module.exports = Plotly;
