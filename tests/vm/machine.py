"""machine - a laptop for the image: QEMU with UEFI, a TPM, sticks, and a network card to ignore.

Emulated throughout (no KVM), so that every machine gives the same run. The caller owns a
work folder; everything the machine writes lies there.
"""
import dataclasses
import json
import os
import select
import shutil
import socket
import subprocess
import time

OVMF = "/usr/share/OVMF"
BOOT_TIMEOUT = 240
BELOW_PCI = 2048		# MiB: more is in two pieces, before and behind the devices
PCI_VGA = 0x0300


class MachineError(Exception):
    """The machine did not do what was asked; the text says what was expected."""


class Qmp:
    """QEMU's control socket: one command at a time, events kept."""

    def __init__(self, path, timeout=30):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        self.buffer = b""
        self.events = []
        self._message(timeout)
        self.command("qmp_capabilities")

    def _message(self, timeout):
        """The next message, or None when none comes in time or QEMU has gone."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self.socket], [], [], left)[0]:
                return None
            try:
                data = self.socket.recv(65536)
            except OSError:
                return None
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def command(self, name, timeout=30, **arguments):
        self.socket.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        while True:
            message = self._message(timeout)
            if message is None:
                raise MachineError(f"QEMU does not answer {name}")
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                raise MachineError(f"{name}: {message['error'].get('desc')}")
            elif "return" in message:
                return message["return"]

    def wait_event(self, wanted, timeout):
        """The first kept or coming event for which wanted(event) holds, or None."""
        deadline = time.monotonic() + timeout
        while True:
            for event in self.events:
                if wanted(event):
                    return event
            message = self._message(max(0.0, deadline - time.monotonic()))
            if message is None:
                return None
            if "event" in message:
                self.events.append(message)


def make_stick(image, label, content=None, size_mib=48):
    """A FAT image with the label; the files below content are copied into it."""
    with open(image, "wb") as f:
        f.truncate(size_mib << 20)
    subprocess.run(["mkfs.vfat", "-n", label, image], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if content and os.path.isdir(content):
        names = sorted(os.listdir(content))
        if names:
            subprocess.run(["mcopy", "-i", image, "-s", "-Q"] +
                           [os.path.join(content, n) for n in names] + ["::/"], check=True)


def read_stick(image, name, target):
    """Copy NAME and all below it from a FAT image to the folder target."""
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    run = subprocess.run(["mcopy", "-i", image, "-s", "-n", "-Q", f"::/{name}", target],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0 or not os.path.exists(target):
        raise MachineError(f"{os.path.basename(image)} holds no {name}: {run.stderr.strip()}")


def list_stick(image):
    """Names in the root folder of a FAT image."""
    run = subprocess.run(["mdir", "-i", image, "-b", "::/"], capture_output=True, text=True,
                         check=False)
    return [line[3:].rstrip("/") for line in run.stdout.splitlines() if line.startswith("::/")]


LOCALCA_CONF = """statedir = {ca}
signingkey = {ca}/signkey.pem
issuercert = {ca}/issuercert.pem
certserial = {ca}/certserial
"""
LOCALCA_OPTIONS = """--platform-manufacturer Cornerstone
--platform-version 1
--platform-model virtual
"""
SETUP_CONF = """create_certs_tool = /usr/bin/swtpm_localca
create_certs_tool_config = {dir}/localca.conf
create_certs_tool_options = {dir}/localca.options
active_pcr_banks = sha256
"""


def make_tpm(folder):
    """A TPM with endorsement key and certificate, once; later calls find it."""
    state = os.path.join(folder, "state")
    if os.path.exists(os.path.join(state, "tpm2-00.permall")):
        return state
    shutil.rmtree(folder, ignore_errors=True)
    ca = os.path.join(folder, "ca")
    for d in (state, ca, os.path.join(folder, "certs")):
        os.makedirs(d)
    for name, text in (("localca.conf", LOCALCA_CONF), ("localca.options", LOCALCA_OPTIONS),
                       ("setup.conf", SETUP_CONF)):
        with open(os.path.join(folder, name), "w", encoding="ascii") as f:
            f.write(text.format(dir=folder, ca=ca))
    run = subprocess.run(
        ["swtpm_setup", "--tpm2", "--tpmstate", state, "--create-ek-cert",
         "--create-platform-cert", "--lock-nvram", "--overwrite", "--pcr-banks", "sha256",
         "--config", os.path.join(folder, "setup.conf"),
         "--write-ek-cert-files", os.path.join(folder, "certs"),
         "--logfile", os.path.join(folder, "setup.log")],
        capture_output=True, text=True, check=False, env={**os.environ, "HOME": folder})
    if run.returncode != 0:
        raise MachineError(f"swtpm_setup: {run.stdout}{run.stderr}")
    return state


@dataclasses.dataclass
class Shape:
    """What kind of laptop it is; as it stands, the one that most tests use."""

    memory: int = 1024			# MiB
    tpm: str = "crb"			# crb, tis, or none
    keyboard: str = "ps2"		# ps2, or usb: then there is no i8042
    screen: tuple = ()			# (width, height) that the screen offers, or the usual
    serial: bool = True
    network: bool = True		# a card to ignore
    boot: str = "usb"			# usb, or cd
    before: tuple = ()			# (name, file) of sticks that the firmware tries first
    nvme: str = ""			# file of an internal disk
    rtc: str = ""			# the clock at power-on, as QEMU's -rtc base= takes it
    variables: str = ""			# UEFI variables with keys; the usual ones have none
    acpi: tuple = ()			# files with ACPI tables to add
    devices: tuple = ()			# more of QEMU's -device

    def machine(self):
        return "q35,smm=on" + (",i8042=off" if self.keyboard == "usb" else "")

    def options(self, path, iso, usual_variables):
        """QEMU's options; path(name) is a file in the machine's own folder."""
        shutil.copyfile(self.variables or usual_variables, path("vars.fd"))
        found = [
            "-machine", self.machine(), "-accel", "tcg,thread=multi", "-cpu", "max",
            "-smp", "2", "-m", str(self.memory), "-display", "none",
            "-global", "driver=cfi.pflash01,property=secure,value=on",
            "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF}/OVMF_CODE_4M.secboot.fd",
            "-drive", f"if=pflash,unit=1,format=raw,file={path('vars.fd')}",
            "-device", "qemu-xhci,id=xhci"]
        width, height = self.screen or (0, 0)
        found += ["-vga", "none", "-device", f"VGA,edid=on,xres={width},yres={height}"] \
            if self.screen else ["-vga", "std"]
        if self.tpm != "none":
            found += ["-chardev", f"socket,id=tpmchr,path={path('tpm.sock')}",
                      "-tpmdev", "emulator,id=tpm0,chardev=tpmchr",
                      "-device", f"tpm-{self.tpm},tpmdev=tpm0"]
        for i, (name, image) in enumerate(self.before, 1):
            found += ["-drive", f"if=none,id=before{i},format=raw,readonly=on,file={image}",
                      "-device", f"usb-storage,drive=before{i},bus=xhci.0,removable=on,"
                      f"bootindex={i},serial={name}"]
        index = len(self.before) + 1
        found += ["-drive", f"if=none,id=boot,format=raw,readonly=on,file={iso}", "-device",
                  f"usb-storage,drive=boot,bus=xhci.0,removable=on,bootindex={index}"
                  if self.boot == "usb" else f"ide-cd,drive=boot,bootindex={index}"]
        if self.keyboard == "usb":
            found += ["-device", "usb-kbd,id=kbd0,bus=xhci.0"]
        if self.network:
            found += ["-netdev", "user,id=net0,restrict=on", "-device", "e1000e,netdev=net0"]
        if self.nvme:
            found += ["-drive", f"if=none,id=disk0,format=raw,file={self.nvme}",
                      "-device", "nvme,drive=disk0,serial=internal"]
        if self.rtc:
            found += ["-rtc", f"base={self.rtc}"]
        for table in self.acpi:
            found += ["-acpitable", f"file={table}"]
        for device in self.devices:
            found += ["-device", device]
        return found


class Machine:
    """One power-on: start() to power-off or stop()."""

    def __init__(self, folder, iso, tpm_state, shape=None):
        self.folder = folder
        self.iso = iso
        self.tpm_state = tpm_state
        self.shape = shape or Shape()
        self.memory = self.shape.memory
        self.serial_path = os.path.join(folder, "serial.sock")
        self.sticks = {}
        self.serial_number = 0
        self.processes = []
        self.qemu = None
        self.qmp = None

    def _spawn(self, command, log):
        with open(os.path.join(self.folder, log), "wb") as f:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                       start_new_session=True)
        self.processes.append(process)
        return process

    def _wait_socket(self, path, process, log):
        deadline = time.monotonic() + 20
        while not os.path.exists(path):
            if process.poll() is not None or time.monotonic() > deadline:
                with open(os.path.join(self.folder, log), encoding="utf-8", errors="replace") as f:
                    raise MachineError(f"{process.args[0]} did not start: {f.read()[-600:]}")
            time.sleep(0.05)

    def start(self):
        path = lambda name: os.path.join(self.folder, name)
        for name in ("tpm.sock", "qmp.sock", "serial.sock"):
            if os.path.exists(path(name)):
                os.unlink(path(name))
        if self.shape.tpm != "none":
            tpm = self._spawn(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.tpm_state}",
                               "--ctrl", f"type=unixio,path={path('tpm.sock')}", "--terminate"],
                              "swtpm.log")
            self._wait_socket(path("tpm.sock"), tpm, "swtpm.log")
        serial = ["-chardev", f"socket,id=ser0,path={self.serial_path},server=on,wait=off,"
                  f"logfile={path('serial.log')}", "-serial", "chardev:ser0"]
        self.qemu = self._spawn(
            ["qemu-system-x86_64", "-name", "cornerstone", "-nodefaults", "-no-reboot",
             "-no-shutdown"] +
            self.shape.options(path, self.iso, os.path.join(OVMF, "OVMF_VARS_4M.fd")) +
            (serial if self.shape.serial else ["-serial", "none"]) +
            ["-qmp", f"unix:{path('qmp.sock')},server=on,wait=off"], "qemu.log")
        self._wait_socket(path("qmp.sock"), self.qemu, "qemu.log")
        self.qmp = Qmp(path("qmp.sock"))
        return self

    def running(self):
        return self.qemu is not None and self.qemu.poll() is None

    def insert(self, label, image):
        if label in self.sticks:
            raise MachineError(f"stick {label} is already in the machine")
        self.serial_number += 1
        node = f"stick{self.serial_number}"
        self.qmp.command("blockdev-add", **{"driver": "raw", "node-name": node,
                                            "file": {"driver": "file", "filename": image}})
        self.qmp.command("device_add", driver="usb-storage", id=f"dev-{node}", drive=node,
                         bus="xhci.0", removable=True)
        self.sticks[label] = node

    def pull(self, label):
        node = self.sticks.pop(label, None)
        if node is None:
            raise MachineError(f"stick {label} is not in the machine")
        device = f"dev-{node}"
        self.qmp.command("device_del", id=device)
        gone = self.qmp.wait_event(lambda e: e["event"] == "DEVICE_DELETED" and
                                   e.get("data", {}).get("device") == device, 20)
        if gone is None:
            raise MachineError(f"stick {label} could not be pulled")
        self.qmp.command("blockdev-del", **{"node-name": node})

    def screenshot(self, path):
        """What the machine's own screen shows, as a picture."""
        self.qmp.command("screendump", filename=path, format="png")

    def off(self):
        """Has the guest switched the machine off? QEMU then holds still until stop()."""
        return not self.running() or \
            self.qmp.wait_event(lambda e: e["event"] == "SHUTDOWN", 0) is not None

    def wait_power_off(self, timeout):
        """True when the guest itself switched the machine off in time."""
        event = self.qmp.wait_event(lambda e: e["event"] == "SHUTDOWN", timeout)
        return event is not None and event["data"].get("reason") == "guest-shutdown"

    def _video_memory(self):
        """(address, size) of the screen's memory, or nothing."""
        for bus in self.qmp.command("query-pci"):
            for device in bus["devices"]:
                regions = [r for r in device["regions"] if r["type"] == "memory"]
                if device["class_info"]["class"] == PCI_VGA and regions:
                    return [(regions[0]["address"], regions[0]["size"])]
        return []

    def dump_memory(self, base):
        """All memory, and the screen's, as files BASE-0 and BASE-1. The guest should not run."""
        areas = [(0, self.memory << 20)] + self._video_memory()
        if self.memory > BELOW_PCI:
            raise MachineError(f"memory above {BELOW_PCI} MiB is not in one piece")
        for number, (address, size) in enumerate(areas):
            self.qmp.command("pmemsave", timeout=300, val=address, size=size,
                             filename=f"{base}-{number}")
        return [f"{base}-{number}" for number in range(len(areas))]

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = []
