import assert from "node:assert/strict";
import { test } from "node:test";
import { Switchboard } from "../../web/nanwatch_web/static/js/stream/switchboard.js";

/** A switchboard, the connections that it makes, and pages that write down what they are told. */
function switchboard() {
  const made = [];
  const open = (url) => {
    const source = { url, heard: new Map(), closed: false };
    source.addEventListener = (name, handle) => source.heard.set(name, handle);
    source.say = (name, data) => source.heard.get(name)({ data: JSON.stringify(data) });
    source.close = () => (source.closed = true);
    made.push(source);
    return source;
  };
  const board = new Switchboard(open);
  const page = (run) => {
    const told = [];
    const listener = { run, tell: (each) => told.push(each.state ?? `${each.event} ${each.data.run_id ?? each.data.id}`) };
    board.add(listener);
    return { told, listener };
  };
  return { board, made, page };
}

const open = (made) => made.filter(({ closed }) => !closed).map(({ url }) => url);

test("pages of the same run share a connection, and each hears that it misses nothing", () => {
  const { made, page } = switchboard();
  const first = page("a");
  made[0].onopen();
  const second = page("a");
  assert.deepEqual(open(made), ["/api/v1/stream?run=a"]);
  assert.deepEqual([first.told, second.told], [["connecting", "live"], ["connecting", "live"]]);
});

test("a page of another run leaves no gap for those that are there", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { made, page } = switchboard();
  const first = page("a");
  made[0].onopen();
  const [second, third] = [page("b"), page(null)];
  assert.deepEqual(open(made), ["/api/v1/stream?run=a", "/api/v1/stream?run=a&run=b&all=true"]);
  made[0].say("points", { run_id: "a" });
  made[2].onopen();
  context.mock.timers.tick(1000);
  assert.deepEqual(open(made), ["/api/v1/stream?run=a&run=b&all=true"]);
  assert.deepEqual(first.told, ["connecting", "live", "points a"]);
  assert.deepEqual([second.told, third.told], [["connecting", "live"], ["connecting", "live"]]);
});

test("a page is told of its own run, the list of all but their points, and both of channels", () => {
  const { made, page } = switchboard();
  const [run, list] = [page("a"), page(null)];
  made[1].onopen();
  for (const id of ["a", "b"]) {
    made[1].say("points", { run_id: id });
    made[1].say("run", { id });
  }
  made[1].say("channel", { id: "mail" });
  assert.deepEqual(run.told.slice(2), ["points a", "run a", "channel mail"]);
  assert.deepEqual(list.told.slice(2), ["run a", "run b", "channel mail"]);
});

test("without pages there is no connection, and what nobody wants any more ends", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { board, made, page } = switchboard();
  const [first, second] = [page("a"), page("b")];
  made[1].onopen();
  board.remove(first.listener);
  context.mock.timers.tick(1000);
  made[2].onopen();
  context.mock.timers.tick(1000);
  assert.deepEqual(open(made), ["/api/v1/stream?run=b"]);
  board.remove(second.listener);
  context.mock.timers.tick(1000);
  assert.deepEqual(open(made), []);
});

test("a connection that is lost comes back, later each time, and everybody reads anew", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { made, page } = switchboard();
  const { told } = page("a");
  made[0].onopen();
  made[0].onerror();
  context.mock.timers.tick(500);
  made[1].onerror();
  context.mock.timers.tick(999);
  assert.equal(made.length, 2);
  context.mock.timers.tick(1);
  made[2].onopen();
  assert.deepEqual(told, ["connecting", "live", "lost", "lost", "live"]);
});
