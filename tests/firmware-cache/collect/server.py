"""server - a TLS server on loopback that speaks for the vendors, and misbehaves on order.

Each (host, path) has a script: a list of steps, of which the last one is repeated. What was
asked is in log. Certificates are made new each time.
"""

import datetime
import os
import socket
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOSTS = ("api.trustedservices.intel.com", "certificates.trustedservices.intel.com",
         "kdsintf.amd.com")
DAY = datetime.timedelta(days=1)


class Authority:
    """A CA, and the certificates that it gives to whoever asks."""

    def __init__(self, folder, name):
        self.folder, self.count = folder, 0
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        cert = self.build(self.name, self.key, None, -1, 30)
        self.pem = os.path.join(folder, name + ".pem")
        with open(self.pem, "wb") as f:
            f.write(cert.public_bytes(serialization.Encoding.PEM))

    def build(self, subject, key, names, first, last):
        now = datetime.datetime.now(datetime.timezone.utc)
        b = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
             .public_key(key.public_key()).serial_number(x509.random_serial_number())
             .not_valid_before(now + first * DAY).not_valid_after(now + last * DAY)
             .add_extension(x509.BasicConstraints(names is None, None), critical=True))
        if names is not None:
            b = b.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
        return b.sign(self.key, hashes.SHA256())

    def context(self, names=HOSTS, first=-1, last=30):
        """What a server needs to show a certificate for these names."""
        self.count += 1
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        path = f"{self.pem}.server{self.count}"
        with open(path, "wb") as f:
            f.write(self.build(subject, key, names, first, last)
                    .public_bytes(serialization.Encoding.PEM))
            f.write(key.private_bytes(serialization.Encoding.PEM,
                                      serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def reply(body=b"", status=200, **more):
    """A step. More: headers, chunked, length (not the body's), cut, slow (seconds), raw."""
    return {"body": body, "status": status, **more}


class Server:
    """Serves until stop(); context None is plain text where TLS is due."""

    def __init__(self, context, scripts, default=None):
        self.context, self.scripts, self.default = context, scripts, default
        self.log, self.connections, self.lock = [], 0, threading.Lock()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self.socket.close()

    def asked(self, path=None):
        with self.lock:
            return [x for x in self.log if path is None or x["path"] == path]

    def accept(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        self.connections += 1
        conn.settimeout(20)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.context is None:
                conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
                return
            with self.context.wrap_socket(conn, server_side=True) as tls:
                with tls.makefile("rb") as lines:
                    while self.one(tls, lines):
                        pass
        except (OSError, ValueError):
            pass
        finally:
            conn.close()

    def one(self, tls, lines):
        request = lines.readline().decode("ascii").split()
        if len(request) != 3:
            return False
        headers = {}
        while True:
            line = lines.readline().decode("ascii").strip()
            if not line:
                break
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        body = lines.read(int(headers.get("content-length", 0)))
        with self.lock:
            self.log.append({"method": request[0], "host": headers["host"],
                             "path": request[1], "headers": headers, "body": body,
                             "at": time.monotonic()})
            script = self.scripts.get(headers["host"] + request[1], self.default)
            if script is None:
                script = [reply(b"nothing here", 404)]
            step = script.pop(0) if len(script) > 1 else script[0]
        return answer(tls, step)


def answer(tls, step):
    """False when the connection ends with it."""
    body = step["body"]
    time.sleep(step.get("slow", 0))
    if "raw" in step:
        tls.sendall(step["raw"])
        return False
    head = f"HTTP/1.1 {step['status']} Whatever\r\n"
    for name, value in step.get("headers", {}).items():
        head += f"{name}: {value}\r\n"
    if step.get("chunked"):
        tls.sendall((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
        for i in range(0, len(body), 1000):
            part = body[i:i + 1000]
            tls.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        tls.sendall(b"0\r\nTrailer: not a header\r\n\r\n")
        return True
    head += f"Content-Length: {step.get('length', len(body))}\r\n\r\n"
    tls.sendall(head.encode())
    if "trickle" in step:
        for i in range(0, len(body), step["trickle"]):
            tls.sendall(body[i:i + step["trickle"]])
            time.sleep(0.02)
        return True
    tls.sendall(body[:step.get("cut", len(body))])
    return "cut" not in step
