"""Modules that are executed when they are first used: what the first frame does not need does not delay it."""

import sys
from importlib.util import LazyLoader, find_spec, module_from_spec


def late(package: str, *names: str) -> None:
    """Makes these modules of a package late. They must be used as `from package import name`, then `name.thing`."""
    for name in names:
        full = f"{package}.{name}"
        spec = find_spec(full) if full not in sys.modules else None
        if spec is None or spec.loader is None:
            continue
        spec.loader = loader = LazyLoader(spec.loader)
        module = sys.modules[full] = module_from_spec(spec)
        loader.exec_module(module)
        setattr(sys.modules[package], name, module)
