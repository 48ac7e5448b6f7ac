import assert from "node:assert/strict";
import { test } from "node:test";

import { pixelAspect, placed, spacingOf } from "../../echo_studio/web/static/common/pixel_shape.js";
import { placeOf } from "../../echo_studio/web/static/video/line_gesture.js";

const close = (one, other) => one.forEach((value, i) => assert.ok(Math.abs(value - other[i]) < 1e-9, `${one} is not ${other}`));

test("a spacing is read as [y, x], and one that is not known is none", () => {
  assert.deepEqual(spacingOf("0.593,0.723"), [0.593, 0.723]);
  assert.equal(spacingOf(""), null);
});

test("pixels are as tall as their spacing says; square where it is not known or the person wants squares", () => {
  assert.equal(pixelAspect("0.593,0.723", true), 0.593 / 0.723);
  assert.equal(pixelAspect("0.9,0.6", true), 0.9 / 0.6);
  assert.equal(pixelAspect("0.9,0.6", false), 1);
  assert.equal(pixelAspect("", true), 1);
});

test("a picture fills its place in its true proportions and lies in the middle", () => {
  for (const [width, height, aspect] of [[256, 256, 0.593 / 0.723], [256, 256, 1.5], [300, 100, 1], [100, 300, 0.4]]) {
    const { scale, left, top, wide, high } = placed({ width, height }, aspect, 640, 480);
    close([wide, high / wide], [width * scale, (aspect * height) / width]);
    close([2 * left + wide, 2 * top + high], [640, 480]);
    close([Math.max(wide / 640, high / 480)], [1]);
  }
});

test("the pointer finds the share of a picture that is shown there, also where pixels are no squares", () => {
  const place = placed({ width: 256, height: 192 }, 0.82, 640, 480);
  const [x, y] = [0.3, 0.85];
  close(placeOf(place.left + x * place.wide, place.top + y * place.high, place), [x, y]);
});
