// Writing into nodes that are already there, so that a refresh builds nothing anew; making nodes is dom.js's.

/** Writes only what differs, so that nothing is laid out anew for a text that stays. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setStyle(node, name, value) {
  if (node.style[name] !== value) node.style[name] = value;
}

/** Makes `parent` hold `count` children, adding with `make` and removing from the end; answers them. */
export function sized(parent, count, make) {
  while (parent.children.length > count) parent.lastElementChild.remove();
  while (parent.children.length < count) parent.append(make(parent.children.length));
  return parent.children;
}
