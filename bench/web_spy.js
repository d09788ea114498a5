// Counts frames, and how long points take from being sent to being painted. Runs before the page.
window.spy = { late: [], frames: 0, seconds: 0, begun: 0 };
const { EventSource: Stream, SharedWorker: Shared } = window;

// The pages hear of points from a worker, the yardstick from the server itself.
window.SharedWorker = class extends Shared {
  constructor(...given) {
    super(...given);
    this.port.addEventListener("message", ({ data }) => data.event === "points" && came(data.data));
  }
};

window.EventSource = class extends Stream {
  constructor(...given) {
    super(...given);
    this.addEventListener("points", (event) => came(JSON.parse(event.data)));
  }
};

function came({ series: { time } }) {
  const sent = time ? 1000 * time.values.at(-1) : null;
  if (sent) requestAnimationFrame(() => painted(() => window.spy.late.push(Date.now() - sent)));
}

/** After the frame that is being made has been painted: a message comes behind it. */
function painted(act) {
  const channel = new MessageChannel();
  channel.port1.onmessage = act;
  channel.port2.postMessage(null);
}

function count() {
  window.spy.frames += 1;
  requestAnimationFrame(count);
}

window.spy.begin = () => Object.assign(window.spy, { late: [], frames: 0, begun: performance.now() });
window.spy.end = () => ({ ...window.spy, seconds: (performance.now() - window.spy.begun) / 1000 });
requestAnimationFrame(count);
