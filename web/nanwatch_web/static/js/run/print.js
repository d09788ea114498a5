/**
 * The page on paper: with every chart, also those that nobody has scrolled to yet, and in black on white.
 * @module
 */

/**
 * Let a button print the page, and whatever else prints it show what is drawn.
 * @param {HTMLElement} button
 * @param {import("./board.js").Board} board
 */
export function printWhole(button, board) {
  const { dataset } = document.documentElement;
  /** @type {string | undefined} */
  let theme;
  button.addEventListener("click", async () => {
    theme = dataset.theme;
    dataset.theme = "light";
    document.documentElement.classList.add("printing");
    await board.drawAll();
    print();
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("printing");
    if (theme) dataset.theme = theme;
    theme = undefined;
    board.redraw();
  });
}
