"""Rows of the papers' tables, to stand beside ours. Percent, mean and standard deviation where the paper gives one.

000: Stojanovski et al. 2023, Table 1 (the 50 official test patients of CAMUS, a network trained on synthetic
frames alone).
002: Nguyen et al. 2023, Table 1 (CAMUS). 004: Nguyen et al. 2024, Table 1 (CAMUS).
"""

# What, Dice of LV endocardium, LV epicardium and left atrium.
UTILITY = (
    ("SDM, all frames (000)", "88.5 ± 6.0", "92.3 ± 3.9", "86.3 ± 10.7"),
    ("CycleGAN, Gilbert et al. (000)", "79.4 ± 9.9", "88.6 ± 5.4", "71.3 ± 23.7"),
)

# Method, frames, start step of 64, SSIM, PSNR, FID, FVD.
VIDEO = (
    ("concat, cascade (002)", 16, None, 0.47, None, 42.93, 278.35),
    ("concat, cascade (002)", 24, None, 0.51, None, 50.93, 310.05),
    ("concat, DDPM (002)", 16, None, 0.55, None, 28.56, 137.73),
    ("concat, DDPM (002)", 24, None, 0.53, None, 21.46, 144.79),
    ("SPADE, cascade (002)", 16, None, 0.49, None, 34.52, 214.45),
    ("SPADE, cascade (002)", 24, None, 0.52, None, 40.87, 231.88),
    ("SPADE, DDPM (002)", 16, None, 0.56, None, 18.65, 89.78),
    ("SPADE, DDPM (002)", 24, None, 0.54, None, 16.05, 115.79),
    ("SDEdit (004)", 24, None, 0.23, 19.54, 32.45, 213.50),
    ("classifier-free (004)", 24, None, 0.52, 22.49, 22.50, 150.80),
    ("Free-Echo (004)", 24, 15, 0.48, 20.43, 26.31, 195.41),
    ("Free-Echo (004)", 24, 35, 0.27, 16.54, 53.71, 312.12),
    ("Free-Echo (004)", 24, 55, 0.12, 13.45, 67.15, 412.55),
)
