"""What CUPS alone does with PDFs: ``python -m bench.ceiling MEDIA QUEUE=FOLDER…``, in the agent's environment.

One thread for each printer hands all PDFs of its folder over, by pycups itself and with the agent's options: nothing is
stored, and nobody is asked whether they came out.
"""

import sys
import threading
from pathlib import Path

import cups

from print_agent.printing.cups import _PLAIN


def main():
    media, *queues = sys.argv[1:]
    threads = [threading.Thread(target=_print, args=(media, *queue.split('=', 1))) for queue in queues]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _print(media, queue, folder):
    connection = cups.Connection()
    for path in sorted(Path(folder).glob('*.pdf')):
        document = path.read_bytes()
        job = connection.createJob(queue, path.stem, {**_PLAIN, 'media': media, 'copies': '1', 'sides': 'one-sided'})
        connection.startDocument(queue, job, path.stem, 'application/pdf', 1)
        connection.writeRequestData(document, len(document))
        connection.finishDocument(queue)


if __name__ == '__main__':
    main()
