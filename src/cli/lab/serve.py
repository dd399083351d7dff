"""JupyterLab, until the program that started it closes its stdin or ends: no server outlives its terminal."""

import signal
import sys
import threading

from jupyterlab.labapp import main


def end_with_stdin():
    sys.stdin.read()
    signal.raise_signal(signal.SIGINT)


threading.Thread(target=end_with_stdin, daemon=True).start()
sys.exit(main(sys.argv[1:]))
