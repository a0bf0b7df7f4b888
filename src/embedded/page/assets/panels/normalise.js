// Panels of older dashboards in today's form, so that everything behind it knows one form only. Draws nothing.

import { fromGraph } from './normalise/graph.js';
import { fromHeatmap } from './normalise/heatmap.js';
import { newMappings, newThresholds } from './normalise/mappings.js';
import { fromSinglestat } from './normalise/singlestat.js';
import { fromTable } from './normalise/table.js';

const OLD = {
  graph: fromGraph,
  singlestat: fromSinglestat,
  'grafana-singlestat-panel': fromSinglestat,
  'table-old': fromTable,
};

/** By what only the older form has. */
function converter(panel) {
  if (OLD[panel.type]) return OLD[panel.type];
  if (panel.type === 'table' && Array.isArray(panel.styles)) return fromTable;
  if (panel.type === 'heatmap' && panel.dataFormat && !panel.options?.yAxis) return fromHeatmap;
  if (panel.type === 'text' && panel.content !== undefined && !panel.options?.content) {
    return ({ content, mode, ...rest }) => ({ ...rest, options: { content, mode } });
  }
  return null;
}

/** `options.fieldOptions` of Grafana 6. */
function withoutFieldOptions(panel) {
  const { fieldOptions, ...options } = panel.options ?? {};
  if (!fieldOptions) return panel;
  const { calcs, values, limit, defaults = {}, override, overrides, thresholds, mappings } = fieldOptions;
  const { title, ...rest } = defaults;
  return {
    ...panel,
    options: { ...options, reduceOptions: { calcs, values, limit } },
    fieldConfig: {
      defaults: {
        ...(thresholds && { thresholds }),
        ...(mappings && { mappings }),
        ...rest,
        ...override,
        ...(title && { displayName: title }),
      },
      overrides: overrides ?? [],
    },
  };
}

function withNewFieldConfig(panel) {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const { nullValueMode } = defaults;
  const renewed = {
    ...defaults,
    ...(defaults.mappings && { mappings: newMappings(defaults.mappings) }),
    ...(defaults.thresholds && { thresholds: newThresholds(defaults.thresholds) }),
    ...(nullValueMode === 'null as zero' && { custom: { ...defaults.custom, nullAsZero: true } }),
  };
  const values = { mappings: newMappings, thresholds: newThresholds };
  return {
    ...panel,
    fieldConfig: {
      defaults: renewed,
      overrides: overrides.map((override) => ({
        ...override,
        properties: (override.properties ?? []).map(({ id, value }) => ({
          id,
          value: values[id] ? values[id](value) : value,
        })),
      })),
    },
  };
}

function withNewTooltip(panel) {
  const { tooltipOptions, ...options } = panel.options ?? {};
  return tooltipOptions && !options.tooltip ? { ...panel, options: { ...options, tooltip: tooltipOptions } } : panel;
}

/** The panel as it was given stays as it is. */
export function normalise(panel) {
  const convert = converter(panel);
  const renewed = convert ? convert(panel) : panel;
  return withNewTooltip(withNewFieldConfig(withoutFieldOptions(renewed)));
}
