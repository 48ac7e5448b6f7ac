// Label ids as colours.

/** Label ids as colours on an off-screen canvas of the map's own size. */
export class LabelRaster {
  constructor(palette) {
    this.recolour(palette);
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d");
  }

  recolour(palette) {
    this.words = new Uint32Array(palette.map(([r, g, b, a]) => ((a << 24) | (b << 16) | (g << 8) | r) >>> 0));
  }

  /** Make every pixel transparent where the mask is 0. */
  keepOnly(mask) {
    for (let i = 0; i < mask.length; i++) if (!mask[i]) this.pixels[i] = 0;
    this.context.putImageData(this.image, 0, 0);
  }

  update(ids, width, height, box) {
    if (this.canvas.width !== width || this.canvas.height !== height || !this.image) {
      Object.assign(this.canvas, { width, height });
      this.image = this.context.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
      box = null;
    }
    const [x0, y0, x1, y1] = box || [0, 0, width - 1, height - 1];
    for (let y = y0; y <= y1; y++) {
      for (let i = y * width + x0, end = y * width + x1; i <= end; i++) this.pixels[i] = this.words[ids[i]];
    }
    this.context.putImageData(this.image, 0, 0, x0, y0, x1 - x0 + 1, y1 - y0 + 1);
  }
}
