/**
 * Building elements. All text goes in as text nodes, so a hostile name stays text.
 * @module
 */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Make an HTML element.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, unknown>} [props] attributes; `class` and `on<event>` as in HTML, `true` for an empty
 *   attribute, `null` and `false` for none
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(node, name, value);
  return fill(node, ...children);
}

/**
 * Make an SVG icon from path data; hidden from screen readers, because the words stand beside it.
 * @param {string} viewBox
 * @param {...string} paths
 */
export function icon(viewBox, ...paths) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", viewBox);
  svg.setAttribute("aria-hidden", "true");
  svg.append(...paths.map(path));
  return svg;
}

/**
 * Replace the children of a node.
 * @template {Element} E
 * @param {E} node
 * @param {...Child} children
 * @returns {E}
 */
export function fill(node, ...children) {
  const kept = children.filter((child) => child !== null && child !== undefined && child !== false);
  node.replaceChildren(...kept.map((child) => (child instanceof Node ? child : String(child))));
  return node;
}

/**
 * Let a node have these children in this order, and move only what has to move: whatever stays keeps
 * its focus.
 * @param {Element} node
 * @param {Element[]} children
 */
export function arrange(node, children) {
  const wanted = new Set(children);
  for (const child of [...node.children]) if (!wanted.has(child)) child.remove();
  let next = node.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else node.insertBefore(child, next);
  }
}

/**
 * Let a node have children like these, and replace only those that have changed: the others keep their
 * focus, and a press of the mouse that has begun there ends there.
 * @param {Element} node
 * @param {Element[]} children
 */
export function refresh(node, children) {
  const known = new Set(node.children);
  const same = children.map((child) => {
    const found = [...known].find((each) => each.isEqualNode(child)) ?? child;
    known.delete(found);
    return found;
  });
  arrange(node, same);
}

/**
 * The element with this id; throws when the page lacks it.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found;
}

/**
 * @param {Element} node
 * @param {string} name
 * @param {unknown} value
 */
function setProp(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
  else node.setAttribute(name, value === true ? "" : String(value));
}

/** @param {string} d */
function path(d) {
  const node = document.createElementNS(SVG, "path");
  node.setAttribute("d", d);
  return node;
}
