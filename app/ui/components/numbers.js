/**
 * The numbers of the picture, sent once for a picture and a model; see method.js. It shows nothing.
 *
 * @module
 */
import { methodOf } from "./method.js";

/** @param {{ data: import("./contract.js").Numbers }} component */
export default function numbers({ data }) {
  const method = methodOf(data.live);
  if (!method.payload) {
    const bytes = data.content.getChildAt(0).toArray().slice(); // the message that it came in is not kept alive by a view
    method.begin(/** @type {ArrayBuffer} */ (bytes.buffer), data.classes);
  }
  method.call(data.names);
}
