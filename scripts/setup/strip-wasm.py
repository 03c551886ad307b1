"""Copies a WebAssembly module without its custom sections: names, debug information, producers.

    strip-wasm.py MODULE STRIPPED

What the module does stays as it is, byte for byte, so that what is tested with names is what is shipped.
"""

import sys


def sections(module):
    """Each section's number and all its bytes, header included."""
    at = 8
    while at < len(module):
        begin, number, size, shift = at, module[at], 0, 0
        at += 1
        while True:
            size |= (module[at] & 0x7F) << shift
            shift += 7
            at += 1
            if module[at - 1] < 0x80:
                break
        at += size
        yield number, module[begin:at]


def main(source, destination):
    with open(source, "rb") as file:
        module = file.read()
    if module[:8] != b"\0asm\1\0\0\0":
        sys.exit(f"{source} is not a WebAssembly module")
    with open(destination, "wb") as file:
        file.write(module[:8])
        for number, section in sections(module):
            if number != 0:
                file.write(section)


main(*sys.argv[1:])
