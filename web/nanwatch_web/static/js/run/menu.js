/**
 * The small menu of a chart: what it can be had as.
 * @module
 */

import { chartMenu } from "../chart_menu.js";
import { pointsOf } from "./extent.js";

/**
 * The menu in a chart's head. What a choice needs is fetched when it is chosen.
 * @param {import("./panel.js").Panel} panel
 */
export function panelMenu(panel) {
  return chartMenu(panel.spec.title, {
    points: () => pointsOf(panel),
    isTable: () => !panel.table.hidden,
    picture: async (format) => (await import("./downloads.js")).downloadPicture(panel, format),
    csv: async () => (await import("./downloads.js")).downloadCsv(panel),
    table: async () => (await import("./data_table.js")).toggleTable(panel),
    onError: panel.host.onError,
  });
}
