"""A Docker daemon for the test, if no daemon runs. It uses Debian's packages, unpacked into `.docker/`, not installed.

Everything that the daemon starts, mounts or writes is in its own namespaces and in its own file system in memory. It ends
with the test, even if the test is killed. Its ports and its network are separate from those of the machine.
"""

import contextlib
import ctypes
import fcntl
import io
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import docker

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".docker"
PACKAGES = ["containerd", "docker.io", "libdevmapper1.02.1", "libseccomp2", "runc"]
STATE = Path("/run/usher")  # in the namespace, where /run is empty and in memory
SOCKET = f"unix://{STATE}/docker.sock"
CGROUPS = Path("/sys/fs/cgroup")
PATIENCE = 60  # seconds to wait for the daemon
# The programs that `sam` runs in an image before it starts it, and the CAs that the functions trust.
TOOLS = ["/bin/sh", "/bin/chmod", "/bin/cp", "/bin/mv", "/bin/rm"]
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
GLIBC = (2, 34)  # of Amazon Linux 2023


def may_run():
    """The reason why no daemon can run here, or None."""
    if os.uname().sysname != "Linux" or not shutil.which("apt-get") or not shutil.which("unshare"):
        return "this is no Debian"
    if os.geteuid() != 0:
        return "you are not root"
    return None


def run_inside(command):
    """Runs a command in namespaces, where `started` starts the daemon. Cleans up both."""
    fetch()
    remove_cgroups(f"usher-{id}" for id in forgotten())
    name = f"usher-{os.getpid()}"
    line = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--", *command]
    process = None

    def stop(*_):
        # When the first process of the namespace ends, all others end.
        if process:
            process.kill()
        sys.exit("interrupted")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        environment = os.environ | {"DOCKER_HOST": SOCKET, "USHER_CGROUP": name}
        process = subprocess.Popen(line, env=environment, preexec_fn=end_with_parent, start_new_session=True)
        return process.wait()
    finally:
        if process:
            process.kill()
            process.wait()
        remove_cgroups([name])


def end_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def fetch():
    stamp = FOLDER / ".stamp"
    if stamp.exists():
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "packages").mkdir(parents=True)
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *PACKAGES], cwd=FOLDER / "packages", check=True)
    for package in (FOLDER / "packages").iterdir():
        subprocess.run(["dpkg-deb", "--extract", package, FOLDER / "root"], check=True)
    shutil.rmtree(FOLDER / "packages")
    stamp.touch()


def forgotten():
    """The processes that were killed before they could remove their control groups."""
    groups = [*CGROUPS.glob("usher-*"), *CGROUPS.glob("*/usher-*")]
    return {id for id in (group.name.removeprefix("usher-") for group in groups) if not Path("/proc", id).exists()}


def remove_cgroups(names):
    """Removes control groups, which do not end with a namespace. Their processes have been killed, and end soon."""
    end = time.monotonic() + PATIENCE
    for name in names:
        while folders := [path for root in [CGROUPS, *CGROUPS.glob("*/")] for path in below(root / name)]:
            for folder in folders:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            if time.monotonic() > end:
                sys.exit(f"{folders[0]} does not go away")
            time.sleep(0.05)


def below(folder):
    """The folders below this one, the deepest first, then the folder itself."""
    if not folder.is_dir():
        return []
    return [*sorted((path for path in folder.rglob("*/") if path.is_dir()), reverse=True), folder]


@contextlib.contextmanager
def started():
    """Runs the daemon, for processes that find it by `DOCKER_HOST`. Only inside the namespaces."""
    set_up_namespaces()
    root = FOLDER / "root"
    libraries = [str(path) for path in (*root.glob("usr/lib/*-linux-gnu"), *root.glob("lib/*-linux-gnu"))]
    environment = os.environ | {
        "PATH": f"{root}/usr/sbin:{root}/usr/bin:{os.environ['PATH']}",
        "LD_LIBRARY_PATH": ":".join(libraries),
    }
    line = ["dockerd", "--host", SOCKET, "--data-root", STATE / "data", "--exec-root", STATE / "exec"]
    # Also on machines with systemd, which cannot be reached from here.
    line += ["--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", os.environ["USHER_CGROUP"]]
    line += ["--pidfile", STATE / "pid"]
    # Processes forward the ports, so no rules in the kernel are needed.
    line += ["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"]
    log = STATE / "log"
    with log.open("w") as output:
        daemon = subprocess.Popen(line, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + PATIENCE
        while not answers():
            if daemon.poll() is not None or time.monotonic() > end:
                sys.exit(f"the Docker daemon does not start\n{log.read_text()[-4000:]}")
            time.sleep(0.1)
        yield
    finally:
        daemon.terminate()
        daemon.wait()


def answers():
    try:
        client = docker.from_env()
        client.ping()
        client.close()
    except docker.errors.DockerException:
        return False
    return True


def set_up_namespaces():
    mount = ["mount", "-t"]
    subprocess.run([*mount, "tmpfs", "usher", "/run"], check=True)
    STATE.mkdir()
    # For this process and its children, because a killed test cannot clean up.
    os.environ["TMPDIR"] = str(STATE / "tmp")
    (STATE / "tmp").mkdir()
    # The daemon writes some files there, whatever its options.
    for folder in ("/etc", "/opt"):
        layers = {kind: STATE / f"{kind}{folder.replace('/', '-')}" for kind in ("upper", "work")}
        for layer in layers.values():
            layer.mkdir()
        options = f"lowerdir={folder},upperdir={layers['upper']},workdir={layers['work']}"
        subprocess.run([*mount, "overlay", "usher", "-o", options, folder], check=True)
    # `ip link set lo up`, because not every machine has the program `ip`.
    SIOCSIFFLAGS, IFF_UP = 0x8914, 1
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def import_base_image(name, binaries):
    """Makes an image that can run these binaries, from files of this machine."""
    for binary in binaries:
        needed = max(tuple(map(int, found)) for found in re.findall(rb"GLIBC_(\d+)\.(\d+)", binary.read_bytes()))
        if needed > GLIBC:
            sys.exit(f"{binary} needs glibc {needed}, and the runtime on AWS has {GLIBC}")
    files = {CERTIFICATES, *TOOLS}
    for program in [*TOOLS, *binaries]:
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        if "not found" in listed:
            sys.exit(f"{program}\n{listed}")
        files.update(word for word in listed.split() if word.startswith("/"))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(files):
            archive.add(os.path.realpath(path), arcname=path.lstrip("/"))
        for path, mode in [("tmp", 0o1777), ("opt", 0o755), ("var/task", 0o755), ("var/rapid", 0o755)]:
            folder = tarfile.TarInfo(path)
            folder.type, folder.mode = tarfile.DIRTYPE, mode
            archive.addfile(folder)
    client = docker.from_env()
    repository, _, tag = name.rpartition(":")
    client.api.import_image_from_data(buffer.getvalue(), repository=repository, tag=tag)
