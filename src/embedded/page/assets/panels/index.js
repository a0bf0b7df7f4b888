// Which kind of panel draws a type.

/** `{mount(body, panel, context)}`, or `null` when the type can't be shown. */
export function panelKind(panel) {
  return ['stat', 'timeseries', 'graph', 'table'].includes(panel.type) ? plain : null;
}

const plain = {
  mount(body) {
    return {
      update({ frames }) {
        const values = frames.map((frame) => `${frame.name}: ${frame.fields.at(-1).values.filter((value) => value !== null).at(-1)}`);
        body.textContent = values.join('\n');
      },
      resize() {},
      destroy() {
        body.textContent = '';
      },
    };
  },
};
