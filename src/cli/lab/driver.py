"""A Jupyter kernel behind a pipe: a cell's source per line in (JSON), its outputs per line out (JSON).

Neither nbclient nor nbconvert is used: both drop what a kernel prints after its cell is done, and the Rust kernel's
stderr comes through a pipe of its own, so that the message of a failed cell may be late. Here nothing is dropped: the
last line out holds what came late.
"""

import json
import os
import queue
import signal
import sys
import time

from jupyter_client.manager import KernelManager
from nbformat.v4 import output_from_msg

ALIVE = 1.0  # seconds between two looks at whether the kernel is still there
SETTLED = 0.1  # seconds without a message after which a cell is done
SENTINEL = "end of notebook"

answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # keeps what the kernel itself prints out of the answers


def answer(**fields):
    answers.write(json.dumps(fields) + "\n")
    answers.flush()


def keep(message, outputs):
    """Appends what a notebook shows."""
    if message["msg_type"] in ("stream", "display_data", "execute_result", "error"):
        outputs.append(output_from_msg(message))


def settle(client, outputs):
    """Appends what a cell has printed but a thread of the kernel has yet to pass on: on a busy machine it may be later
    than the message that the cell has ended, and would be taken for the next cell's."""
    while True:
        try:
            keep(client.get_iopub_msg(timeout=SETTLED), outputs)
        except queue.Empty:
            return


def collect(client, manager, deadline, outputs, done):
    """Appends the kernel's messages to `outputs` until `done(message)`."""
    while True:
        if time.monotonic() > deadline:
            raise TimeoutError("the cell did not end in time")
        try:
            message = client.get_iopub_msg(timeout=ALIVE)
        except queue.Empty:
            if not manager.is_alive():
                raise RuntimeError("the kernel died")
            continue
        keep(message, outputs)
        if done(message):
            return


def main():
    timeout = float(sys.argv[1])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    manager = KernelManager(kernel_name="rust")
    manager.start_kernel()
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=timeout)
        answer(ready=True)
        for line in sys.stdin:
            outputs, begin = [], time.monotonic()
            request = client.execute(json.loads(line), store_history=True, allow_stdin=False)

            def idle(message):
                return (
                    message["parent_header"].get("msg_id") == request
                    and message["msg_type"] == "status"
                    and message["content"]["execution_state"] == "idle"
                )

            collect(client, manager, begin + timeout, outputs, idle)
            seconds = time.monotonic() - begin
            settle(client, outputs)
            answer(outputs=outputs, seconds=seconds)

        # stderr keeps its order: once the sentinel is here, so is all that was printed before it.
        outputs = []
        client.execute(f'eprintln!("{SENTINEL}")', store_history=False, allow_stdin=False)
        collect(
            client,
            manager,
            time.monotonic() + timeout,
            outputs,
            lambda message: message["msg_type"] == "stream" and SENTINEL in message["content"]["text"],
        )
        late = "".join(output["text"] for output in outputs if output.get("name") == "stderr")
        answer(late=late.replace(SENTINEL, "").strip())
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


try:
    main()
except (KeyboardInterrupt, BrokenPipeError):
    sys.exit(1)
except Exception as error:
    answer(error=str(error) or type(error).__name__)
    sys.exit(1)
