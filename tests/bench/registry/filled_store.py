"""A registry's folder with many repositories, made once by fill_registry and used again."""

import pathlib
import shutil
import subprocess
import tempfile
import time

MEMORY = pathlib.Path("/dev/shm")
BYTES_OF_A_REPOSITORY = 16 << 10  # with its versions and blobs, ample


def scratch(folder, repositories):
    """Where 300 000 synced writes take minutes and not hours, if there is room; a sync in memory costs nothing."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > repositories * BYTES_OF_A_REPOSITORY
    return MEMORY if roomy else folder


def warm(store):
    """Reads everything once, so that the page cache has it."""
    for path in store.rglob("*"):
        if path.is_file():
            with open(path, "rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass


def filled_store(programs, folder, repositories, versions):
    """(folder for --data, in the page cache; the repositories' ids on the Hub)."""
    store = folder / f"store-{repositories}x{versions}"
    ids = store / "ids.txt"
    if not ids.exists():
        with tempfile.TemporaryDirectory(prefix="ropewalk-fill-", dir=scratch(folder, repositories)) as name:
            print(f"filling {store} by way of {name}", flush=True)
            begin = time.monotonic()
            subprocess.run([programs / "fill_registry", "--data", f"{name}/data", "--ids", f"{name}/ids.txt",
                            "--repositories", str(repositories), "--versions", str(versions)], check=True)
            print(f"filled in {time.monotonic() - begin:.0f} s", flush=True)
            shutil.rmtree(store, ignore_errors=True)
            shutil.copytree(f"{name}/data", store)
            shutil.copy(f"{name}/ids.txt", ids)  # Last: it says that all is there.
    warm(store)
    return store, ids.read_text().split()
