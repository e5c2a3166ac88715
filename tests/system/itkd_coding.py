"""What a client makes of Content-Encoding: gzip by zlib, br by libbrotlidec, piece by piece."""

import ctypes
import functools
import zlib

ROOM = 1 << 16
RESULTS = {0: "bad", 1: "whole", 2: "wants more", 3: "has more"}


class Gunzip:
    def __init__(self):
        self.z = zlib.decompressobj(31)

    def feed(self, data):
        return self.z.decompress(data)

    @property
    def whole(self):
        return self.z.eof and not self.z.unused_data


@functools.cache
def brotli():
    lib = ctypes.CDLL("libbrotlidec.so.1")
    lib.BrotliDecoderCreateInstance.restype = ctypes.c_void_p
    return lib


class Unbrotli:
    def __init__(self):
        self.state = ctypes.c_void_p(brotli().BrotliDecoderCreateInstance(None, None, None))
        self.result = "wants more"

    def feed(self, data):
        source = ctypes.create_string_buffer(data, len(data) or 1)
        left, at = ctypes.c_size_t(len(data)), ctypes.c_void_p(ctypes.addressof(source))
        out, buffer = bytearray(), ctypes.create_string_buffer(ROOM)
        self.result = "has more"
        while self.result == "has more":
            room, to = ctypes.c_size_t(ROOM), ctypes.c_void_p(ctypes.addressof(buffer))
            self.result = RESULTS[brotli().BrotliDecoderDecompressStream(
                self.state, ctypes.byref(left), ctypes.byref(at), ctypes.byref(room),
                ctypes.byref(to), None)]
            out += memoryview(buffer)[:ROOM - room.value]
        if self.result == "bad" or left.value:
            raise ValueError(f"no br: {self.result}, {left.value} bytes left")
        return bytes(out)

    @property
    def whole(self):
        return self.result == "whole"

    def __del__(self):
        brotli().BrotliDecoderDestroyInstance(self.state)


def decoder(encoding):
    return {"gzip": Gunzip, "br": Unbrotli}[encoding]()


def decode(encoding, data):
    """The whole of it; ValueError where it is not whole."""
    d = decoder(encoding)
    out = d.feed(data)
    if not d.whole:
        raise ValueError(f"no whole {encoding} of {len(data)} bytes")
    return out
