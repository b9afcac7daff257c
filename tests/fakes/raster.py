"""What driverless printers get (Apple Raster), and where the black is on each page of it."""

from tests.stack import received


def places(document):
    """Return for each page its size, and left, top, width and height of what is black on it, in whole mm."""
    found = []
    for page in received.pages(document):
        left, top, right, bottom = page.box()
        found.append(([round(side) for side in page.size],
                      [round(value) for value in (left, top, right - left, bottom - top)]))
    return found
