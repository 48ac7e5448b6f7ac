from echo_studio.api import (
    CamusFolder as CamusFolder,
)
from echo_studio.api import (
    EchoStudioError as EchoStudioError,
)
from echo_studio.api import (
    LabelMap as LabelMap,
)
from echo_studio.api import (
    apply_defect as apply_defect,
)
from echo_studio.api import (
    list_generators as list_generators,
)
from echo_studio.api import (
    load_generator as load_generator,
)
from echo_studio.api import (
    load_segmenter as load_segmenter,
)
from echo_studio.api import (
    load_video_generator as load_video_generator,
)
from echo_studio.api import (
    measure as measure,
)
from echo_studio.api import (
    reshape as reshape,
)
from echo_studio.api import (
    template as template,
)
from echo_studio.api import (
    what_if as what_if,
)

__version__: str
