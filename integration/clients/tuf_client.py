"""python-tuf's own client refreshes the instance's repository from its root and downloads every target.

Usage: tuf_client.py URL ROOT.json [FOLDER [MEMORY]]. Prints the names of the targets, which are written into the folder if one is
named. The client remembers in the folder MEMORY what it found.
"""

import json
import shutil
import sys
import tempfile

from tuf.ngclient import Updater

TARGETS = ["trusted_root.json", "signing_config.v0.2.json"]


def main():
    url, root = sys.argv[1:3]
    kept = sys.argv[3:4]
    memory = sys.argv[4] if len(sys.argv) > 4 else None
    with open(root, "rb") as file:
        bootstrap = file.read()
    with tempfile.TemporaryDirectory() as folder:
        updater = Updater(
            metadata_dir=memory or folder,
            metadata_base_url=f"{url}/",
            target_base_url=f"{url}/targets/",
            target_dir=folder,
            bootstrap=bootstrap,
        )
        updater.refresh()
        found = []
        for name in TARGETS:
            info = updater.get_targetinfo(name)
            assert info is not None, f"no target {name}"
            path = updater.download_target(info)
            for folder_of_caller in kept:
                shutil.copyfile(path, f"{folder_of_caller}/{name}")
            found.append(name)
    print(json.dumps(found))


main()
