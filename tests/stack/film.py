"""A film that Chromium takes for a camera: a ticket is held before it, or nothing yet."""

import qrcode


WIDTH, HEIGHT = 640, 480
FRAMES_PER_SECOND = 5
PIXELS_PER_MODULE = 6


def write_film(path, text, *, empty_seconds=0):
    """Write a film, as YUV4MPEG2, which Chromium shows again and again.

    :param text: What is in the QR code that is held before the camera.
    :param empty_seconds: For how long nothing is there first.
    """
    code = qrcode.QRCode(box_size=PIXELS_PER_MODULE, border=4)
    code.add_data(text)
    code.make()
    rows = code.get_matrix()
    side = len(rows) * PIXELS_PER_MODULE
    left, top = (WIDTH - side) // 2, (HEIGHT - side) // 2
    empty = bytearray(b'\xc8' * (WIDTH * HEIGHT))
    held = bytearray(empty)
    for y in range(side):
        line = bytes(16 if rows[y // PIXELS_PER_MODULE][x // PIXELS_PER_MODULE] else 235 for x in range(side))
        held[(top + y) * WIDTH + left:(top + y) * WIDTH + left + side] = line
    # without colours
    frames = [b'FRAME\n' + bytes(luma) + b'\x80' * (WIDTH * HEIGHT // 2) for luma in (empty, held)]
    path.write_bytes(f'YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_SECOND}:1 Ip A1:1 C420mpeg2\n'.encode()
                     + frames[0] * (empty_seconds * FRAMES_PER_SECOND)
                     + frames[1] * max(3, empty_seconds * FRAMES_PER_SECOND))
    return path


def camera(path):
    """Return the arguments of a Chromium whose camera shows a film, and that needs no leave to use it."""
    return ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
            f'--use-file-for-fake-video-capture={path}']
