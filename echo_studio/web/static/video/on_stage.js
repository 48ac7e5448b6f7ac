// What the stage shows, without the page.

/**
 * What each view shows, from the left: [{view, clip, picture, badge, words}].
 *
 * `video` and `pinned` are {clip, words} or null, `coming` is {picture, badge, words} of a video on the way or null, and
 * `cycle` is the label cycle, which is shown before there is a video.
 */
export function onStage({ video, pinned, coming, cycle }) {
  const current = { view: "current", picture: null, clip: video?.clip };
  if (coming) Object.assign(current, coming);
  else if (video) Object.assign(current, { badge: pinned === video ? "Pinned" : "", words: video.words });
  else Object.assign(current, { clip: cycle, badge: cycle ? "Label cycle: press G for the video" : "", words: "" });
  if (!pinned || pinned === video) return [current];
  return [{ view: "pinned", picture: null, clip: pinned.clip, badge: "Pinned", words: pinned.words }, current];
}
