"""Writes what Swift would send to syslog to standard output, where the supervisor keeps it in a log file.

Without /dev/log Swift would open UDP sockets on all addresses; a unix datagram socket of the lab is given to it instead.
"""

import os
import socket
import sys


def main(path):
    if os.path.exists(path):
        os.unlink(path)
    sink = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sink.bind(path)
    while True:
        line = sink.recv(65536).decode("utf-8", "replace").rstrip("\0\n")
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
