"""Make the batches of a set on a Ray cluster: actors that hold a loaded generator. Needs the extra `cluster`.

The actors write samples to the set's folder, which every machine must see under the same path; this process alone
writes the index. What makes a batch is the same code as in a process of this machine, so its bytes are the same.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from echo_studio.dataset.build.set_folder import Made
from echo_studio.dataset.build.synthesise import DEATHS, Batch, died, run_batch
from echo_studio.dataset.extras import need
from echo_studio.errors import EchoStudioError, OutputError

AUTO = "auto"  # a cluster on this machine, for this run alone
STORE = 150 << 20  # bytes
LOOPBACK_ALONE = (
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # the name is history: at 0 no other machine can join, on any system
)
AHEAD = 2  # batches an actor is given in advance
TRIES = 3  # to start Ray here: it waits half a minute for its own parts, which a busy machine exceeds


class _Worker:
    """An actor. Where it dies, the batches that it had are given to another."""

    def __init__(self) -> None:
        torch.set_num_threads(1)

    def run(self, batch: Batch) -> Any:
        return run_batch(batch)


def on_cluster(
    waiting: Iterator[Batch], *, address: str, workers: int, stop: Callable[[], bool] = lambda: False
) -> Iterator[Made]:
    """Batches as they are finished.

    Args:
        address: of a Ray cluster, or `AUTO`.
        workers: actors, each with one core, and where the batches ask for CUDA with one GPU; where there are more of
            them than GPUs, several share one, since hearts and files take their time on the processor.
        stop: called before a batch is given out; True ends the work; what is under way is finished.

    Raises:
        OutputError: the extra is missing, no cluster answers, or it has too little for so many workers.
        EchoStudioError: what a batch raises, or one that ends its actor again and again.
    """
    if address == AUTO:
        # Without this Ray listens on every network that the machine is in; it is read when Ray is imported.
        os.environ.setdefault(LOOPBACK_ALONE, "0")
    ray = need("ray", "cluster")
    _connect(ray, address, workers)
    try:
        yield from _shared_out(ray, waiting, workers, stop)
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str, workers: int) -> None:
    quiet = {"log_to_driver": False, "configure_logging": False}
    # Its store holds no arrays: batches are names and seeds.
    own = {"num_cpus": workers, "include_dashboard": False, "object_store_memory": STORE}
    for left in reversed(range(TRIES if address == AUTO else 1)):
        try:
            if address == AUTO:
                ray.init(address="local", **quiet, **own)
            else:
                ray.init(address=address, **quiet)
            return
        except Exception as error:  # of any class, a bare one where a busy machine starts it too slowly
            ray.shutdown()
            if not left:
                raise OutputError(
                    expected=f"a Ray cluster at {address}",
                    got=" ".join(str(error).split())[:120],
                    remedy="start it, or leave --cluster out",
                ) from error


def _shared_out(ray: Any, waiting: Iterator[Batch], workers: int, stop: Callable[[], bool]) -> Iterator[Made]:
    deaths: Counter[int] = Counter()
    again: list[Batch] = []
    actors: list[Any] = []
    under_way: dict[Any, tuple[Batch, Any]] = {}
    fault: EchoStudioError | None = None
    while True:
        while len(under_way) < workers * AHEAD and not stop() and fault is None:
            batch = again.pop() if again else next(waiting, None)
            if batch is None:
                break
            if len(actors) < workers:
                gpus = share_of_gpu(ray.cluster_resources(), workers, batch.device)
                actors.append(ray.remote(_Worker).options(num_cpus=1, num_gpus=gpus).remote())
            loads = Counter(id(actor) for _, actor in under_way.values())
            actor = min(actors, key=lambda one: loads[id(one)])
            under_way[actor.run.remote(batch)] = (batch, actor)
        if not under_way:
            if fault is not None:
                raise fault
            return
        (done,), _ = ray.wait(list(under_way), num_returns=1)
        batch, actor = under_way.pop(done)
        try:
            result = ray.get(done)
        except ray.exceptions.RayActorError:
            # Another takes its place at once: calls to one that Ray is starting again fail too, and would count.
            actors = [one for one in actors if one is not actor]
            again.append(batch)
            deaths[batch.number] += 1
            if deaths[batch.number] >= DEATHS:
                raise died(batch.number, DEATHS) from None
            continue
        if isinstance(result, Made):
            yield result
        else:
            fault = result


def share_of_gpu(resources: Mapping[str, float], workers: int, device: str) -> float:
    """How much of a GPU each worker gets: one, or a part where several share it; 0 for other devices.

    Args:
        resources: what the cluster has of "CPU" and "GPU".

    Raises:
        OutputError: workers would wait for ever, since there is no core or no GPU for them.
    """
    cores, gpus = (int(resources.get(what, 0)) for what in ("CPU", "GPU"))
    if cores < workers:
        raise OutputError(
            expected=f"a core for each of {workers} workers",
            got=f"{cores} in the cluster",
            remedy="take fewer --workers",
        )
    if not device.startswith("cuda"):
        return 0.0
    if not gpus:
        raise OutputError(expected="a GPU in the cluster", got="none", remedy="add one, or take --device cpu")
    return 1 / -(-workers // gpus)
