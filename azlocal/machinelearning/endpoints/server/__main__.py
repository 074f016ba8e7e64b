"""Starts the scoring server under a name of its own, whatever modules the user's code brings along."""

import importlib
import importlib.util
import pathlib
import sys

_NAME = "azlocal_scoring"


def _load() -> None:
    here = pathlib.Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(_NAME, here / "__init__.py", submodule_search_locations=[str(here)])
    if spec is None or spec.loader is None:
        raise ImportError(f"the scoring server is incomplete: {here}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = module
    spec.loader.exec_module(module)
    if sys.path and pathlib.Path(sys.path[0]).resolve() == here:
        del sys.path[0]  # 'import script' in the user's code must never find a module of this server


if __name__ == "__main__":
    _load()
    importlib.import_module(f"{_NAME}.worker").main()
