// The moment under the pointer, shared by the panels of a dashboard; drawing it is theirs.

/** `mode`: 0 each for itself, 1 a shared line, 2 a shared tooltip, as a dashboard's `graphTooltip`. */
export function crosshairBus(mode) {
  const subscribers = new Set();
  return {
    mode,
    /** `time` in ms, or `null` when the pointer left; `source` is not told. */
    publish(time, source) {
      if (mode === 0) return;
      for (const subscriber of subscribers) subscriber(time, source);
    },
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
  };
}
