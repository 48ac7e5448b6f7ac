// Stands for the studio's server in the tests of the gallery.

import { Samples } from "../../echo_studio/web/static/dataset/samples.js";

export const numbers = (...values) => Uint32Array.from(values);

/** Lets replies that are there arrive. */
export const settled = () => new Promise((done) => setTimeout(done, 5));

/** A server that keeps what was posted; `answer(what, body)` gives the reply, or a promise of it. */
function server(answer) {
  const posts = [];
  const request = async (path, { body, signal }) => {
    const what = path.split("/").at(-1);
    const post = { what, path, body: JSON.parse(body) };
    posts.push(post);
    const reply = await answer(what, post.body, posts.length);
    if (signal?.aborted) throw new Error("aborted");
    return new Response(reply);
  };
  return { posts, link: { request } };
}

/** The reply with a picture of one byte for each sample. */
export function thumbnails(list) {
  const packed = new DataView(new ArrayBuffer(9 * list.length));
  list.forEach((number, k) => {
    packed.setUint32(9 * k, number, true);
    packed.setUint32(9 * k + 4, 1, true);
    packed.setUint8(9 * k + 8, number % 256);
  });
  return packed.buffer;
}

/** What the server usually answers. */
export const usual = (what, body) => (what === "samples" ? JSON.stringify(body.numbers.map((number) => ({ number, id: `s${number}`, verdict: "" }))) : thumbnails(body.numbers));

/** The samples of a set; `of` has the numbers of every request of a kind. */
export function opened(answer = usual) {
  const { posts, link } = server(answer);
  const samples = new Samples(link);
  samples.open("desk");
  return { samples, posts, of: (what) => posts.filter((post) => post.what === what).map(({ body }) => body.numbers) };
}
