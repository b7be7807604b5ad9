"""On which file systems a cache may lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.cache.mounts import Mount, check_place, mount_of, mounted
from console.cache.trouble import CacheRefused

TABLE = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /proc rw - proc proc rw
40 22 0:40 / /home rw - nfs4 server:/home rw,vers=4.2
41 40 0:41 / /home/ann/local rw shared:2 master:3 - xfs /dev/vdb rw
42 22 0:42 / /mnt/with\\040space rw - cifs //server/share rw
43 22 0:43 / /mnt/s rw - fuse.sshfs ann@server: rw
44 22 0:44 / /mnt/enc rw - fuse.gocryptfs /crypt rw
45 22 0:45 / /mnt/twice rw - nfs server:/twice rw
46 22 0:46 / /mnt/twice rw - tmpfs tmpfs rw
47 22 0:47 / /mnt/c rw - 9p drvfs rw
48 22 0:48 / /mnt/ntfs rw - fuseblk /dev/sda1 rw
odd line
49 22 0:49
"""


@pytest.mark.parametrize(
    ("path", "point", "kind"),
    [
        ("/var/media.db", "/", "ext4"),
        ("/home/ann/media.db", "/home", "nfs4"),
        ("/home/ann/local/new/folder/media.db", "/home/ann/local", "xfs"),
        ("/home/ann/localised/media.db", "/home", "nfs4"),
        ("/homes/media.db", "/", "ext4"),
        ("/mnt/with space/media.db", "/mnt/with space", "cifs"),
        ("/mnt/twice/media.db", "/mnt/twice", "tmpfs"),
    ],
)
def test_the_longest_mount_point_counts_and_the_last_of_two(path: str, point: str, kind: str) -> None:
    assert mount_of(Path(path), TABLE) == Mount(point, kind)


@pytest.mark.parametrize(
    "path", ["/home/ann/media.db", "/mnt/with space/media.db", "/mnt/s/media.db", "/mnt/c/media.db"]
)
def test_a_network_file_system_is_refused(path: str) -> None:
    with pytest.raises(CacheRefused, match=r"network file system.*Nothing was changed.*Set DB"):
        check_place(Path(path), lambda: TABLE)


@pytest.mark.parametrize(
    ("path", "kind"), [("/mnt/enc/a.db", "fuse.gocryptfs"), ("/mnt/ntfs/a.db", "fuseblk")]
)
def test_a_file_system_in_user_space_is_warned_of(path: str, kind: str) -> None:
    told = check_place(Path(path), lambda: TABLE)
    assert told is not None
    assert kind in told


def test_a_local_one_and_an_unknown_one_are_nothing_to_speak_of() -> None:
    assert check_place(Path("/var/media.db"), lambda: TABLE) is None
    assert check_place(Path("/mnt/twice/media.db"), lambda: TABLE) is None
    assert check_place(Path("/home/ann/media.db"), lambda: "") is None


def test_a_link_counts_where_it_leads(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/mnt/s")
    with pytest.raises(CacheRefused, match=r"fuse\.sshfs"):
        check_place(link / "media.db", lambda: TABLE)


def test_the_table_of_this_machine_is_understood(tmp_path: Path) -> None:
    table = mounted()
    assert (mount_of(tmp_path / "media.db", table) is None) == (not table)
