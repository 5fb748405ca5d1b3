// One training step for all of a page: whoever points at a step tells it, and the others follow.
//   { channel: "training-step", run: the run's name or null for whichever is shown, step: a whole number or null,
//     chosen: true once it was clicked, or chosen with the keyboard; null that is chosen lets go }
const EVENT = "mvfa-training-step";
export const CHANNEL = "training-step";

export function tellStep(run, step, chosen = false) {
  window.dispatchEvent(new CustomEvent(EVENT, { detail: { channel: CHANNEL, run, step, chosen } }));
}

// Calls back on every step that is told, one's own too; returns how to stop listening.
export function followStep(listen) {
  const heard = ({ detail }) => {
    if (detail.channel === CHANNEL) listen(detail);
  };
  window.addEventListener(EVENT, heard);
  return () => window.removeEventListener(EVENT, heard);
}
