"""Lets two names trade places as fast as it goes: swap.py NAME NAME"""

import ctypes
import os
import sys

AT_FDCWD, RENAME_EXCHANGE = -100, 2
renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
one, two = (os.fsencode(name) for name in sys.argv[1:])
while renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE) == 0:
    pass
sys.exit(os.strerror(ctypes.get_errno()))
