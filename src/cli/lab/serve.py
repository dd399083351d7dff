"""Runs JupyterLab until the program that started it ends or closes stdin: no server or kernel outlives its terminal."""

import signal
import sys
import threading

from jupyter_server.serverapp import ServerApp
from jupyterlab.labapp import main


def end_with_stdin():
    sys.stdin.read()
    ServerApp.instance().stop(from_signal=True)


# Ctrl-C also reaches this process, and would end it before its kernels.
signal.signal(signal.SIGINT, lambda *_: None)
threading.Thread(target=end_with_stdin, daemon=True).start()
sys.exit(main(sys.argv[1:]))
