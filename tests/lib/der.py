"""DER, written by hand where a library would refuse to write what is wrong."""
import base64


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 0x80:
        head = bytes([n])
    else:
        size = (n.bit_length() + 7) // 8
        head = bytes([0x80 | size]) + n.to_bytes(size, "big")
    return bytes([tag]) + head + body


def seq(*parts):
    return tlv(0x30, *parts)


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def oid(text):
    arcs = [int(a) for a in text.split(".")]
    out = bytes([arcs[0] * 40 + arcs[1]])
    for a in arcs[2:]:
        part = [a & 0x7F]
        while a > 0x7F:
            a >>= 7
            part.append(0x80 | a & 0x7F)
        out += bytes(reversed(part))
    return tlv(6, out)


NULL = tlv(5)
TRUE = tlv(1, b"\xff")


def name(cn):
    return seq(tlv(0x31, seq(oid("2.5.4.3"), tlv(12, cn.encode()))))


def ext(number, value, critical=False):
    return seq(oid(number), TRUE if critical else b"", tlv(4, value))


def pem(der, label="CERTIFICATE", headers=""):
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{headers}{text}-----END {label}-----\n".encode()


def indefinite(der):
    """The outermost length in BER's indefinite form."""
    skip = 2 + (der[1] & 0x7F)
    return b"\x30\x80" + der[skip:] + b"\0\0"
