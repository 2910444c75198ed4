"""CrossWatch's Trakt provider: the names that a shim at `providers/sync/_mod_TRAKT.py` hands on."""

from crosswatch_trakt.adapters.crosswatch import host
from crosswatch_trakt.adapters.crosswatch.client import TRAKTClient, TRAKTConfig
from crosswatch_trakt.adapters.crosswatch.manifest import VERSION, get_manifest
from crosswatch_trakt.adapters.crosswatch.module import _FEATURES, TRAKTModule, _confirmed_keys
from crosswatch_trakt.adapters.crosswatch.ops import Ops

__version__ = VERSION
__VERSION__ = VERSION

OPS = Ops()
ctx: object = None  # the engine sets it too; OPS.ctx is the one that is read

AUTH_TRAKT = host.auth_provider()  # None outside CrossWatch

__all__ = [
    "AUTH_TRAKT",
    "OPS",
    "_FEATURES",
    "__VERSION__",
    "TRAKTClient",
    "TRAKTConfig",
    "TRAKTModule",
    "_confirmed_keys",
    "ctx",
    "get_manifest",
]
