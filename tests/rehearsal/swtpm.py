"""swtpm - a virtual TPM behind its socket, and a wire tap between it and the ceremony.

Swtpm is swtpm itself, with endorsement certificates, in a folder of its own. Tap sits on a
second socket, passes each command on, records both directions whole, and may spoil one.
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "vm"))

from machine import make_tpm                              # noqa: E402

START_SECONDS = 20
HEADER = 10			# u16 tag | u32 length | u32 code


def manufacture(folder):
    """A TPM with endorsement keys and certificates, to be copied; returns its state."""
    return make_tpm(folder)


class Swtpm:
    """swtpm on a copy of state: each one wakes up as from a cold boot."""

    def __init__(self, state):
        self.folder = tempfile.mkdtemp(prefix="cornerstone-swtpm-")
        self.path = os.path.join(self.folder, "tpm.sock")
        shutil.copytree(state, os.path.join(self.folder, "state"))
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}/state", "--flags",
             "not-need-init,startup-clear", "--server", f"type=unixio,path={self.path}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not os.path.exists(self.path):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("swtpm did not start")
            time.sleep(0.02)
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def receive(link):
    """One whole message, or b"" when the other side has gone."""
    data = b""
    while len(data) < HEADER or len(data) < struct.unpack(">I", data[2:6])[0]:
        part = link.recv(4096)
        if not part:
            return b""
        data += part
    return data


def code(message):
    """Command code, or response code."""
    return struct.unpack(">I", message[6:10])[0]


class Tap:
    """Between ceremony and TPM: path is what the ceremony connects to."""

    def __init__(self, tpm, fault=None):
        """fault(tap, index, command, pass_on) gives the answer; None passes all on."""
        self.tpm, self.fault = tpm, fault
        self.stream = []		# (command, response) as they went
        self.path = os.path.join(tpm.folder, "tap.sock")
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen(1)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.ending = threading.Event()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.ending.set()
        try:
            self.server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.server.close()
        self.thread.join(timeout=10)

    def _serve(self):
        try:
            with self.server.accept()[0] as near, socket.socket(socket.AF_UNIX) as far:
                far.connect(self.tpm.path)

                def pass_on(command):
                    far.sendall(command)
                    return receive(far)

                while self._exchange(near, pass_on):
                    pass
        except OSError:
            pass			# one of the two has gone; the ceremony says so

    def _exchange(self, near, pass_on):
        command = receive(near)
        if not command:
            return False
        index = len(self.stream)
        answer = self.fault(self, index, command, pass_on) if self.fault else pass_on(command)
        self.stream.append((command, answer or b""))
        if answer is None:
            return False
        near.sendall(answer)
        return bool(answer)
