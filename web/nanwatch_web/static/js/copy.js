/**
 * Buttons that copy text.
 * @module
 */

const SAID_MS = 1500;

/**
 * Let a button copy a text and say that it did.
 * @param {HTMLElement} button
 * @param {() => string} text
 */
export function copyButton(button, text) {
  const words = button.textContent ?? "Copy";
  button.addEventListener("click", () => void copy(button, text(), words));
}

/**
 * @param {HTMLElement} button
 * @param {string} text
 * @param {string} words
 */
async function copy(button, text, words) {
  const done = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  );
  button.textContent = done ? "Copied" : "Select and copy";
  setTimeout(() => (button.textContent = words), SAID_MS);
}
