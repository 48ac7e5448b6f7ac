"""How close solvers come to the exact solution from the same noise, at budgets that people wait for.

python benchmarks/solvers.py

Prints the root mean square difference to 200 NFE of Heun, inside the sector, in the latents (deviation 0.48) and in
the frames (grey levels): edm-l64 on three bundled mean hearts with two seeds each.
"""

import argparse

import numpy as np
import torch
from torch import Tensor

from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.data.template import template
from echo_studio.diffusion.denoiser import Bound, Condition
from echo_studio.diffusion.solvers import SampleNoise, noise_levels, solver
from echo_studio.generate.build import family_of, soft_one_hot
from echo_studio.generate.catalog import load_generator

MAPS = (("4ch-ed", 1, 0), ("2ch-es", 0, 1), ("4ch-es", 1, 1))  # name, view, phase
RUNS = (
    *(("heun", nfe) for nfe in (5, 6, 8, 10, 15, 16, 20)),
    *(("dpmpp-2m", nfe) for nfe in (5, 6, 8, 10)),
    *(("ipndm", nfe) for nfe in (5, 6, 8, 10, 15)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", default="edm-l64")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    generator = load_generator(options.generator)
    side, seeds = generator.card.resolution, [0, 1] * len(MAPS)
    maps = [within_sector(template(name).resized(side, side).ids) for name, _, _ in MAPS for _ in range(2)]
    ids = torch.from_numpy(np.stack(maps))
    inside = (ids > 0).float().unsqueeze(1)
    view, phase = (torch.tensor([entry[k] for entry in MAPS for _ in range(2)]) for k in (1, 2))
    condition = Condition(soft_one_hot(ids, generator.codec.factor), view, phase)
    shape = (1, *condition.one_hot.shape[-2:])
    family = family_of(generator.card)

    with torch.inference_mode():
        bound = Bound(generator.denoiser, generator.denoiser.prepare(condition))

        def run(name: str, nfe: int) -> tuple[Tensor, Tensor]:
            how, noise = solver(name), SampleNoise(seeds, shape)
            sigmas = noise_levels(how, family, nfe)
            latent = how(bound, noise() * float(sigmas[0]), sigmas, nfe, noise, lambda *_: None)
            return latent, (generator.codec.decoding(inside, [0])(latent) + 1) * 127.5

        exact = run("heun", 200)
        where = (bound.prepared.inside > 0, inside > 0)
        print("solver     NFE  latents  grey levels")
        for name, nfe in RUNS:
            apart = [
                float((ours - theirs)[mask].square().mean().sqrt())
                for ours, theirs, mask in zip(run(name, nfe), exact, where, strict=True)
            ]
            print(f"{name:10} {nfe:3}  {apart[0]:7.4f}  {apart[1]:11.2f}", flush=True)


if __name__ == "__main__":
    main()
