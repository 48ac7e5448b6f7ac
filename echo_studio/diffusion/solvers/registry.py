"""The solvers that a request can name."""

from torch import Tensor

from echo_studio.diffusion.family import Family
from echo_studio.diffusion.schedule import schedule
from echo_studio.diffusion.solvers.ancestral import Ancestral
from echo_studio.diffusion.solvers.multistep import ImprovedPndm, Multistep
from echo_studio.diffusion.solvers.one_step import Churn, OneStep
from echo_studio.diffusion.solvers.protocol import Solver
from echo_studio.errors import UnknownNameError

SOLVERS: dict[str, Solver] = {
    "heun": OneStep("Heun (2nd order)", order=2, corrected=True),
    "euler": OneStep("Euler (DDIM)", order=1, corrected=False),
    "dpmpp-2m": Multistep("DPM-Solver++ (2M, for few NFE)"),
    "heun-stochastic": OneStep("Stochastic Heun (EDM)", order=2, corrected=True, churn=Churn()),
    "ipndm": ImprovedPndm("iPNDM (3rd order, best for 5 to 10 NFE)"),
    "ancestral": Ancestral("Ancestral (DDPM)"),
}


def solver(name: str) -> Solver:
    """The solver of that name; raises UnknownNameError with the choices otherwise."""
    if name not in SOLVERS:
        raise UnknownNameError("solver", name, SOLVERS)
    return SOLVERS[name]


def noise_levels(how: Solver, family: Family, nfe: int, name: str = "") -> Tensor:
    """What a solver is given to integrate over for that budget.

    Args:
        name: of a schedule; where it is empty the solver's own, or that of the family.
    """
    return schedule(name or how.schedule or family.schedule)(how.steps(nfe))
