"""python-tuf's own client refreshes the instance's repository from its root and downloads every target.

Usage: tuf_client.py URL ROOT.json [FOLDER]. Prints the names of the targets, which are written into the folder if one is named.
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
    with open(root, "rb") as file:
        bootstrap = file.read()
    with tempfile.TemporaryDirectory() as folder:
        updater = Updater(
            metadata_dir=folder,
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
