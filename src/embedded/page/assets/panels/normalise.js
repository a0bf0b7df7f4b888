// Panels of older dashboards in today's form.

export function normalise(panel) {
  return panel;
}
